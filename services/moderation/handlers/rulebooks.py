"""The rule books of communities, compiled once for each version of a policy."""

import asyncio
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

import structlog
from pydantic import ValidationError

from services.moderation import metrics
from services.moderation.domain.classifier import Classifier
from services.moderation.domain.lexicon import Entry
from services.moderation.domain.own_lists import NO_LISTS, OwnLists
from services.moderation.domain.policy import BadPolicy, Policy
from services.moderation.domain.rulebook import RuleBook
from services.moderation.domain.rules import Resources
from services.moderation.store.heads import NOTHING_OWN, Head, load_heads
from services.moderation.store.models import newest_models, shipped_model
from services.moderation.store.policies import PolicyVersion, load_version
from services.moderation.store.policy_documents import PolicyDocument, complaints_of, compose, default_policy
from services.moderation.store.word_lists import entries_of, load_lists
from shared.postgres.connection import Connection

BOOKS_MAX = 2000
"""Compiled books of other policies than the shipped one that are kept."""

WORDS_MAX = 1_000_000
"""Own words in books that are kept; some 300 bytes each."""
VERSIONS_TRIED_MAX = 50
"""Of a policy that cannot be built, before the shipped one judges."""

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class RuleBooks:
    """Compiled rule books; what it keeps follows from the database alone."""

    shipped: RuleBook
    _models: dict[str, Classifier] = field(default_factory=dict)
    """The newest of communities that have their own."""
    _books: dict[str, tuple[Head, RuleBook]] = field(default_factory=dict)
    """The newest of each community that has anything of its own."""

    @classmethod
    def load(cls) -> "RuleBooks":
        """With the shipped policy and model."""
        return cls(RuleBook.compile(default_policy(), Resources(model=shipped_model())))

    async def of(self, connection: Connection, communities: Collection[str]) -> Mapping[str, RuleBook]:
        """The book of each community."""
        heads = await load_heads(connection, communities)
        known = {name: self._models[name].version if name in self._models else 0 for name in heads}
        if behind := {name: version for name, version in known.items() if version < heads[name].model}:
            self._models |= await newest_models(connection, behind)
        return {name: await self._book(connection, name, head) for name, head in heads.items()}

    async def resources(self, connection: Connection, community_id: str) -> Resources:
        """What a policy of the community is built with."""
        return (await self.of(connection, [community_id]))[community_id].resources

    async def _book(self, connection: Connection, community_id: str, head: Head) -> RuleBook:
        if head == NOTHING_OWN:
            return self.shipped
        known = self._books.get(community_id)
        if known is None or known[0] != head:
            same = known[1].resources.lists if known and known[0].words == head.words else None
            lists = same or await _lists(connection, community_id)
            resources = Resources(lists, model=self._models.get(community_id) or shipped_model())
            known = head, await self._newest(connection, community_id, head.policy, resources)
            self._books.pop(community_id, None)
            while self._is_full(lists.size):
                self._books.pop(next(iter(self._books)))
            self._books[community_id] = known
        return known[1]

    def _is_full(self, words: int) -> bool:
        held = sum(book.resources.lists.size for _, book in self._books.values())
        return len(self._books) >= BOOKS_MAX or (bool(self._books) and held + words > WORDS_MAX)

    async def _newest(
        self, connection: Connection, community_id: str, version: int, resources: Resources
    ) -> RuleBook:
        """The book of the policy's newest version that can be built, in the end of the shipped one.

        Writing refuses what cannot be built; another release, which knows other kinds, may read it.
        """
        refused: BadPolicy | None = None
        for number in range(version, max(0, version - VERSIONS_TRIED_MAX), -1):
            stored = await load_version(connection, community_id, number)
            assert stored is not None
            try:
                book = await build(policy_of(self.shipped.policy, stored), resources)
                break
            except BadPolicy as error:
                refused = refused or error
        else:
            book = await build(self.shipped.policy, resources)
        if refused is not None:
            metrics.POLICIES_REFUSED.inc()
            log.error(
                "a policy cannot be built: an earlier version judges", action="policy_refused",
                community_id=community_id, version=version, judging=book.policy.version,
                complaints=len(refused.complaints),
            )  # fmt: skip
        return book


async def _lists(connection: Connection, community_id: str) -> OwnLists:
    stored = await load_lists(connection, community_id)
    if not stored:
        return NO_LISTS
    return await asyncio.to_thread(lambda: OwnLists.of(read_lists(community_id, stored)))


def read_lists(community_id: str, stored: Mapping[str, str]) -> dict[str, Sequence[Entry]]:
    """The community's lists; one that another release wrote in another way is left out, and told."""
    lists: dict[str, Sequence[Entry]] = {}
    for name, text in stored.items():
        try:
            lists[name] = entries_of(text)
        except (ValueError, TypeError):
            log.error("a word list cannot be read", action="word_list_refused", community_id=community_id)
    return lists


async def build(policy: Policy, resources: Resources) -> RuleBook:
    """In a thread, as large word lists take a second. Raises `BadPolicy`."""
    return await asyncio.to_thread(RuleBook.compile, policy, resources)


def policy_of(shipped: Policy, stored: PolicyVersion) -> Policy:
    """A stored version on top of the shipped set. Raises `BadPolicy`."""
    try:
        document = PolicyDocument.model_validate(json.loads(stored.document))
    except ValidationError as error:
        raise BadPolicy(complaints_of(error)) from None
    policy = compose(shipped, document, version=stored.version)
    rules = tuple(
        replace(rule, version=stored.rule_versions.get(rule.id, rule.version)) for rule in policy.rules
    )
    return Policy(rules, policy.ladder, policy.version)
