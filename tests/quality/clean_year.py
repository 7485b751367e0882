"""A real year of a clean community through all handlers of moderation, on a real Postgres: who is wronged."""

import gzip
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import asyncpg

from shared.contracts.chat import MessagePosted
from shared.engine import Event
from tests.builders import event, profile
from tests.moderation_world import World, fresh_effects
from tests.quality.figures import Advance, Figure, Report
from tests.servers import ServiceDatabase

BATCH = 1_000
FLAGGED_MAX = 0.001
EXCERPT_CHARACTERS = 100
LEAN = profile("lean", time_zone="UTC", locale="en")
REMINDING = "repost"
"""Reminds where other enforced rules remove."""
REMOVED = "SELECT message_id, rule, evidence, posted_at FROM removal ORDER BY posted_at"
FOUND = "SELECT message_id, rule, evidence, posted_at FROM finding ORDER BY posted_at"


@dataclass(frozen=True, slots=True)
class Wronged:
    """A message that an enforced rule acted on, or that a rule would have people look at."""

    message_id: str
    rule: str
    evidence: str
    posted_at: datetime


def read_year(data: Path, limit: int | None) -> Iterator[Event[MessagePosted]]:
    """Messages of people as a connector tells them; what stands in the file twice comes once."""
    seen: set[str] = set()
    authors: dict[str, str] = {}
    with gzip.open(data / "community-2024.jsonl.gz", "rt", encoding="utf-8") as file:
        for line in islice(file, limit):
            record = json.loads(line)
            message_id = str(record["id"])
            authors[message_id] = record["sender"]
            if record.get("is_bot") or message_id in seen:
                continue
            seen.add(message_id)
            yield _event(record, authors)


def _event(record: dict[str, Any], authors: dict[str, str]) -> Event[MessagePosted]:
    reply_to = str(record["reply_to"]) if record.get("reply_to") else None
    data = MessagePosted(
        community_id=LEAN.community_id,
        channel_id=record["channel"],
        message_id=str(record["id"]),
        member_id=record["sender"],
        text=record["text"],
        reply_to=reply_to,
        reply_to_member=authors.get(reply_to) if reply_to else None,
        mentions=tuple(record.get("mentions") or ()),
    )
    occurred_at = datetime.fromisoformat(record["sent_at"])
    return event(data, occurred_at if occurred_at.tzinfo else occurred_at.replace(tzinfo=UTC), about=LEAN)


async def clean_year(
    data: Path, database: ServiceDatabase, advance: Advance, limit: int | None = None
) -> Report:
    """The share of messages that enforced rules acted on, with all of them; `limit` lines of the file."""
    connection = await asyncpg.connect(database.app_url)
    try:
        world = World(connection, effects=fresh_effects(without=()))
        count, texts = 0, {}
        events = read_year(data, limit)
        while batch := list(islice(events, BATCH)):
            await world.handle(*batch, real_time=batch[-1].occurred_at)
            world.announced.clear()
            texts |= {each.data.message_id: each.data.text for each in batch}
            count += len(batch)
            advance(count, f"{batch[-1].occurred_at:%Y-%m-%d}")
        removed = [Wronged(*row) for row in await connection.fetch(REMOVED)]
        found = [Wronged(*row) for row in await connection.fetch(FOUND)]
    finally:
        await connection.close()
    return _report(count, removed, found, texts)


def _report(count: int, removed: list[Wronged], found: list[Wronged], texts: dict[str, str]) -> Report:
    reminded = [each for each in found if each.rule == REMINDING]
    acted = [*removed, *reminded]
    flagged = {each.message_id for each in acted}
    waiting = {each.message_id for each in found} - flagged
    rules = Counter(each.rule for each in acted)
    reviewed = Counter(each.rule for each in found if each.message_id in waiting)
    return Report(
        [
            Figure(
                f"community-2024, of {count:,} messages by people: flagged by enforced rules",
                len(flagged) / count, most=FLAGGED_MAX, note=_counts(rules),
            ),
            Figure("community-2024: removed", len({each.message_id for each in removed}) / count),
            Figure(
                "community-2024: found by rules that review or observe",
                len(waiting) / count,
                note=_counts(reviewed),
            ),
        ],
        [
            f"{each.posted_at:%Y-%m-%d %H:%M} {each.rule} ({each.evidence}) {each.message_id}: "
            f"{texts[each.message_id][:EXCERPT_CHARACTERS]!r}"
            for each in acted
        ],
    )  # fmt: skip


def _counts(rules: Counter[str]) -> str:
    return ", ".join(f"{rule} {count}" for rule, count in rules.most_common()) or "none"
