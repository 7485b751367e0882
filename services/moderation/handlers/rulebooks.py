"""The rule books of communities, compiled once for each version of a policy."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

import structlog

from services.moderation.domain.policy import Policy
from services.moderation.domain.rulebook import RuleBook
from services.moderation.domain.rules import Resources
from services.moderation.store.policies import PolicyVersion, load_heads, load_version
from services.moderation.store.policy_documents import BadPolicy, PolicyDocument, compose, default_policy
from shared.postgres.connection import Connection

BOOKS_MAX = 2000
"""Compiled books of other policies than the shipped one that are kept."""

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class RuleBooks:
    """Compiled rule books; what it keeps follows from the database alone."""

    shipped: RuleBook
    _books: dict[tuple[str, int], RuleBook] = field(default_factory=dict)

    @classmethod
    def load(cls) -> "RuleBooks":
        """With the shipped policy."""
        return cls(RuleBook.compile(default_policy(), Resources()))

    async def of(self, connection: Connection, communities: Collection[str]) -> Mapping[str, RuleBook]:
        """The book of each community."""
        heads = await load_heads(connection, communities)
        books = dict.fromkeys(communities, self.shipped)
        for head in heads.items():
            if head not in self._books:
                self._keep(head, await self._compile(connection, *head))
            books[head[0]] = self._books[head]
        return books

    async def _compile(self, connection: Connection, community_id: str, version: int) -> RuleBook:
        stored = await load_version(connection, community_id, version)
        assert stored is not None
        try:
            policy = policy_of(self.shipped.policy, stored)
        except BadPolicy as error:  # a kind or parameter that this release does not know
            log.error(
                "a policy does not load: the shipped one judges", action="policy_refused",
                community_id=community_id, version=version, complaints=len(error.complaints),
            )  # fmt: skip
            return self.shipped
        return RuleBook.compile(policy, Resources())

    def _keep(self, head: tuple[str, int], book: RuleBook) -> None:
        while len(self._books) >= BOOKS_MAX:
            self._books.pop(next(iter(self._books)))
        self._books[head] = book


def policy_of(shipped: Policy, stored: PolicyVersion) -> Policy:
    """A stored version on top of the shipped set. Raises `BadPolicy`."""
    document = PolicyDocument.model_validate(json.loads(stored.document))
    policy = compose(shipped, document, version=stored.version)
    rules = tuple(
        replace(rule, version=stored.rule_versions.get(rule.id, rule.version)) for rule in policy.rules
    )
    return Policy(rules, policy.ladder, policy.version)
