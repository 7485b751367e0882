"""Versions of communities' rules."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import Any

import asyncpg
from pydantic import TypeAdapter

from services.rewards.domain.rules import DEFAULT_RULES, InForce, RuleSet, in_force
from shared.postgres.connection import Connection

LOAD_VERSIONS = """
    SELECT community_id, version, effective_from, md5(document::text) FROM rule_version
    WHERE community_id = ANY($1::text[]) ORDER BY community_id, version
"""
LOAD_DOCUMENT = "SELECT document FROM rule_version WHERE community_id = $1 AND version = $2"
PAGE = """
    SELECT version, effective_from, document, changed_at, changed_by, reason FROM rule_version
    WHERE community_id = $1 AND ($2::int IS NULL OR version < $2) ORDER BY version DESC LIMIT $3
"""
NEWEST = "SELECT coalesce(max(version), 1) FROM rule_version WHERE community_id = $1"
ADD_VERSION = """
    INSERT INTO rule_version (community_id, version, effective_from, document, changed_at, changed_by, reason)
    VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING
"""
RULES = TypeAdapter(RuleSet)


class RuleBooks:
    """The versions of some communities; whoever has none lives by the shipped set."""

    __slots__ = ("_versions",)

    def __init__(self, versions: Mapping[str, Sequence[InForce]]) -> None:
        self._versions = versions

    def at(self, community_id: str, moment: datetime) -> RuleSet:
        """The rules that were in force."""
        if not self._versions:
            return DEFAULT_RULES
        versions = self._versions.get(community_id)
        return in_force(versions, moment) if versions else DEFAULT_RULES


def parse(document: str | bytes, version: int) -> RuleSet:
    """Rules from JSON. Raises pydantic's `ValidationError`."""
    return replace(RULES.validate_json(document), version=version)


async def load_books(connection: Connection, communities: Collection[str]) -> RuleBooks:
    """All versions of these communities; a version is read once, as it never changes."""
    versions: dict[str, list[InForce]] = {}
    for community_id, version, since, digest in await connection.fetch(LOAD_VERSIONS, list(communities)):
        slot = _read_before(version, digest)
        if slot.rules is None:
            slot.rules = parse(await connection.fetchval(LOAD_DOCUMENT, community_id, version), version)
        versions.setdefault(community_id, []).append(InForce(since, slot.rules))
    return RuleBooks(versions)


class _Slot:
    """Room for a version that was read."""

    __slots__ = ("rules",)

    def __init__(self) -> None:
        self.rules: RuleSet | None = None


@lru_cache(maxsize=2_000)
def _read_before(version: int, digest: str) -> _Slot:
    """What was made of a document as this version."""
    return _Slot()


async def page(
    connection: Connection, community_id: str, before: int | None, rows: int
) -> list[asyncpg.Record]:
    """Versions below one, newest first."""
    return await connection.fetch(PAGE, community_id, before, rows)


async def add_version(connection: Connection, community_id: str, version: int, *row: Any) -> bool:
    """Add `effective_from, document, changed_at, changed_by, reason`; False when the number is taken."""
    status = await connection.execute(ADD_VERSION, community_id, version, *row)
    return status == "INSERT 0 1"


async def newest(connection: Connection, community_id: str) -> int:
    """The highest version; 1, the shipped rules, before any."""
    found: int = await connection.fetchval(NEWEST, community_id)
    return found


def decoded(document: str) -> dict[str, Any]:
    """A version's document as JSON values."""
    values: dict[str, Any] = json.loads(document)
    return values


def written(rules: RuleSet) -> dict[str, Any]:
    """Rules as JSON values."""
    document: dict[str, Any] = json.loads(RULES.dump_json(rules))
    return document
