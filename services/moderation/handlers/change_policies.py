"""Changes a community's policy: every change is a version, and an earlier one can be taken up again."""

import json
from datetime import datetime
from typing import NamedTuple

from services.moderation.domain.policy import BadPolicy, Policy
from services.moderation.handlers.rulebooks import RuleBooks, build, policy_of
from services.moderation.store.heads import load_heads
from services.moderation.store.policies import PolicyVersion, add_version, load_version
from services.moderation.store.policy_documents import PolicyDocument, compose
from shared.postgres.connection import Connection

UNCHANGED = "{}"
"""The document of a community that changes nothing of the shipped set."""


class OtherVersion(Exception):
    """Somebody changed the policy meanwhile: `version` is the newest one."""

    def __init__(self, version: int) -> None:
        super().__init__(f"the policy is at version {version}")
        self.version = version


class Current(NamedTuple):
    """The policy that is in force, and the version that says so, if the community has one."""

    policy: Policy
    stored: PolicyVersion | None

    @property
    def version(self) -> int:
        """0: the shipped set."""
        return self.stored.version if self.stored else 0


async def current_policy(connection: Connection, shipped: Policy, community_id: str) -> Current:
    """What is in force. Raises `BadPolicy` when this release no longer knows a kind or a parameter of it."""
    head = (await load_heads(connection, [community_id]))[community_id].policy
    stored = await load_version(connection, community_id, head) if head else None
    return Current(policy_of(shipped, stored) if stored else shipped, stored)


async def change_policy(
    connection: Connection, books: RuleBooks, change: PolicyVersion, document: PolicyDocument
) -> Policy:
    """Add the change, whose `version` is the one after that which its author saw; returns what is in force.

    A policy is built before it is written, so that it can judge.

    Raises `BadPolicy` with all complaints, and `OtherVersion` when it was made for another version.
    """
    shipped = books.shipped.policy
    before = await _before(connection, shipped, change.community_id)
    if change.version != before.version + 1:
        raise OtherVersion(before.version)
    policy = compose(shipped, document, version=change.version, before=before.policy)
    await build(policy, await books.resources(connection, change.community_id))
    versions = _rule_versions(policy, before)
    added = await add_version(connection, change._replace(rule_versions=versions))
    if not added:
        raise OtherVersion(change.version)
    return policy_of(shipped, change._replace(rule_versions=versions))


async def _before(connection: Connection, shipped: Policy, community_id: str) -> Current:
    """What is in force; one that no longer loads must not stand in the way of its correction."""
    try:
        return await current_policy(connection, shipped, community_id)
    except BadPolicy:
        head = (await load_heads(connection, [community_id]))[community_id].policy
        return Current(Policy(()), await load_version(connection, community_id, head))


async def document_of(connection: Connection, community_id: str, version: int) -> str | None:
    """What a version changes of the shipped set, as JSON; version 0 changes nothing."""
    if version == 0:
        return UNCHANGED
    stored = await load_version(connection, community_id, version)
    return stored.document if stored else None


def change_of(
    community_id: str, version: int, document: PolicyDocument, changed_at: datetime, by: str, reason: str
) -> PolicyVersion:
    """The change that makes this version."""
    written = json.dumps(document.model_dump(mode="json", exclude_unset=True), ensure_ascii=False)
    return PolicyVersion(community_id, version, written, {}, changed_at, by, reason)


def _rule_versions(policy: Policy, before: Current) -> dict[str, int]:
    """A rule that was dropped keeps its number, so that one of the same name later has the next."""
    known: dict[str, int] = dict(before.stored.rule_versions) if before.stored else {}
    held = {rule.id for rule in before.policy.rules}
    numbers = {
        rule.id: known[rule.id] + 1 if rule.id in known and rule.id not in held else rule.version
        for rule in policy.rules
    }
    return known | numbers
