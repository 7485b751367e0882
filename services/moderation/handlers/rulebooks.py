"""The rule books of communities, compiled once for each version of a policy."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

import structlog

from services.moderation.domain.classifier import Classifier
from services.moderation.domain.policy import Policy
from services.moderation.domain.rulebook import RuleBook
from services.moderation.domain.rules import Resources
from services.moderation.store.models import newest_models, shipped_model
from services.moderation.store.policies import PolicyVersion, load_heads, load_version
from services.moderation.store.policy_documents import BadPolicy, PolicyDocument, compose, default_policy
from shared.postgres.connection import Connection

BOOKS_MAX = 2000
"""Compiled books of other policies than the shipped one that are kept."""

Head = tuple[str, int, int]
"""community_id, version of the policy, version of the model."""

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class RuleBooks:
    """Compiled rule books; what it keeps follows from the database alone."""

    shipped: RuleBook
    _models: dict[str, Classifier] = field(default_factory=dict)
    """The newest of communities that have their own."""
    _books: dict[Head, RuleBook] = field(default_factory=dict)

    @classmethod
    def load(cls) -> "RuleBooks":
        """With the shipped policy and model."""
        return cls(RuleBook.compile(default_policy(), Resources(model=shipped_model())))

    async def of(self, connection: Connection, communities: Collection[str]) -> Mapping[str, RuleBook]:
        """The book of each community."""
        policies = await load_heads(connection, communities)
        known = {name: self._models[name].version if name in self._models else 0 for name in communities}
        self._models |= await newest_models(connection, known)
        return {name: await self._book(connection, name, policies.get(name, 0)) for name in communities}

    async def _book(self, connection: Connection, community_id: str, policy_version: int) -> RuleBook:
        model = self._models.get(community_id)
        if policy_version == 0 and model is None:
            return self.shipped
        head = (community_id, policy_version, model.version if model else 0)
        if head not in self._books:
            policy = await self._policy(connection, community_id, policy_version)
            book = RuleBook.compile(policy, Resources(model=model or shipped_model()))
            while len(self._books) >= BOOKS_MAX:
                self._books.pop(next(iter(self._books)))
            self._books[head] = book
        return self._books[head]

    async def _policy(self, connection: Connection, community_id: str, version: int) -> Policy:
        if version == 0:
            return self.shipped.policy
        stored = await load_version(connection, community_id, version)
        assert stored is not None
        try:
            return policy_of(self.shipped.policy, stored)
        except BadPolicy as error:  # a kind or parameter that this release does not know
            log.error(
                "a policy does not load: the shipped one judges", action="policy_refused",
                community_id=community_id, version=version, complaints=len(error.complaints),
            )  # fmt: skip
            return self.shipped.policy


def policy_of(shipped: Policy, stored: PolicyVersion) -> Policy:
    """A stored version on top of the shipped set. Raises `BadPolicy`."""
    document = PolicyDocument.model_validate(json.loads(stored.document))
    policy = compose(shipped, document, version=stored.version)
    rules = tuple(
        replace(rule, version=stored.rule_versions.get(rule.id, rule.version)) for rule in policy.rules
    )
    return Policy(rules, policy.ladder, policy.version)
