"""A real year through the handlers, compared with an independent calculation from its file."""

import gzip
import json
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from services.rewards.domain.score import DEFAULT_SCORE, standings
from services.rewards.store.months import load_month_facts
from shared.contracts.chat import MessagePosted
from shared.contracts.rewards import MonthClosed, PointsAwarded
from shared.engine import Event, Timer
from tests.builders import event, profile
from tests.e2e.month_oracle import counted_messages, months, wallets
from tests.rewards_world import World, connected, in_batches
from tests.servers import ServiceDatabase

LEAN = profile("lean", time_zone="UTC")
BATCH = 500


def history(path: Path) -> Iterator[Event[MessagePosted]]:
    """The year as an import publishes it; the engine drops what repeats an id, so this does too."""
    seen: set[int] = set()
    authors: dict[int, str] = {}
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for record in map(json.loads, lines):
            identifier, reply_to = record["id"], record.get("reply_to")
            data = MessagePosted(
                community_id="lean",
                channel_id=record["channel"],
                message_id=str(identifier),
                member_id=record["sender"],
                text=record["text"],
                reply_to=str(reply_to) if reply_to else None,
                reply_to_member=authors.get(reply_to),
                mentions=tuple(record.get("mentions", ())),
                is_bot=record.get("is_bot", False),
            )
            authors[identifier] = record["sender"]
            if identifier not in seen:
                seen.add(identifier)
                moment = datetime.fromisoformat(record["sent_at"]).astimezone(UTC)
                yield event(data, moment, about=LEAN)


async def tell_year(world: World, path: Path) -> None:
    """The whole year in batches; a month's timer fires once the messages' clock has passed it."""
    for batch in in_batches(history(path), BATCH):
        await world.tell(*batch)
        world.forget(PointsAwarded)
        await fire(world, [timer for timer in world.timers.values() if timer.due_at <= batch[-1].now])
    await fire(world, list(world.timers.values()))


async def fire(world: World, due: list[Timer]) -> None:
    """These timers come due, and are gone."""
    for timer in sorted(due, key=lambda timer: timer.due_at):
        del world.timers[timer.community_id, timer.kind, timer.key]
        await world.fire(timer, about=LEAN)


async def test_twelve_months_of_a_real_year_are_what_an_independent_calculation_gives(
    real_data: Path, service_database: Callable[[str], Awaitable[ServiceDatabase]]
) -> None:
    path = real_data / "community-2024.jsonl.gz"
    messages = list(counted_messages(path))
    expected = months(messages)
    assert len(expected) == 12
    async with connected(await service_database("rewards")) as connection:
        world = World(connection)
        await tell_year(world, path)
        for fact, (month, places) in zip(world.heard(MonthClosed), expected.items(), strict=True):
            assert f"{fact.month:%Y-%m}" == month
            assert fact.candidates == len(places)
            assert [(each.rank, each.member_id, each.score, each.parts) for each in fact.top] == [
                (each.rank, each.member_id, each.score, each.parts) for each in places[:3]
            ]
            facts = await load_month_facts(connection, [("lean", fact.month)], DEFAULT_SCORE)
            assert [
                (each.member_id, each.score, each.parts, each.last_at)
                for each in standings(facts["lean", fact.month])
            ] == [(each.member_id, each.score, each.parts, each.last_at) for each in places]
        rows = await connection.fetch("SELECT member_id, balance FROM account WHERE kind = 'wallet'")
        assert {row["member_id"]: row["balance"] for row in rows} == wallets(messages)
        assert await world.books_are_right("lean")
