"""A real year through the handlers, compared with an independent calculation from its file."""

import gzip
import json
from collections.abc import Awaitable, Callable, Iterable, Iterator
from datetime import UTC, datetime
from itertools import chain, groupby, islice
from pathlib import Path
from random import Random
from typing import Any

from services.rewards.domain.score import DEFAULT_SCORE, standings
from services.rewards.handlers.verify_books import VerifyBooks
from services.rewards.store.month_facts import load_month_facts
from shared.contracts.chat import MessagePosted
from shared.contracts.rewards import MonthClosed, PointsAwarded
from shared.engine import Event, Timer
from shared.postgres.pool import open_pool
from tests.builders import event, profile
from tests.e2e.month_oracle import counted_messages, months, wallets
from tests.rewards_world import World, connected, in_batches
from tests.servers import ServiceDatabase

LEAN = profile("lean", time_zone="UTC")
BATCH = 500
PART = 6_000
"""So many messages are told three times over."""


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


async def facts_of(database: ServiceDatabase, told: Iterable[Event[MessagePosted]]) -> tuple[Any, Any]:
    """Everything that counts for months, and the wallets, after these messages in batches."""
    async with connected(database) as connection:
        world = World(connection)
        for batch in in_batches(told, BATCH):
            await world.tell(*batch)
            world.announced.clear()
        rows = await connection.fetch("SELECT member_id, balance FROM account WHERE kind = 'wallet'")
        return await world.facts("lean"), sorted(tuple(row) for row in rows)


async def test_overlapping_chunks_and_shuffled_days_of_a_real_history_give_the_same_months(
    real_data: Path, service_database: Callable[[str], Awaitable[ServiceDatabase]]
) -> None:
    told = list(islice(history(real_data / "community-2024.jsonl.gz"), PART))
    size = PART // 12
    chunks = [told[max(0, place * size - 200) : (place + 1) * size] for place in range(12)]
    days = [[*group] for _, group in groupby(told, key=lambda each: each.occurred_at.date())]
    for day in days:
        Random(len(day)).shuffle(day)
    whole = await facts_of(await service_database("rewards"), told[: 12 * size])
    in_chunks = await facts_of(await service_database("rewards"), chain.from_iterable(chunks))
    shuffled = await facts_of(await service_database("rewards"), list(chain.from_iterable(days))[: 12 * size])
    assert whole == in_chunks
    assert whole[0] == shuffled[0]


async def test_twelve_months_of_a_real_year_are_what_an_independent_calculation_gives(
    real_data: Path, service_database: Callable[[str], Awaitable[ServiceDatabase]]
) -> None:
    path = real_data / "community-2024.jsonl.gz"
    messages = list(counted_messages(path))
    expected = months(messages)
    assert len(expected) == 12
    database = await service_database("rewards")
    async with connected(database) as connection, await open_pool(database.app_url, "test") as pool:
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
        rows = await connection.fetch(
            "SELECT member_id, sum(points)::int AS points FROM transaction WHERE rule = 'message' GROUP BY 1"
        )
        assert {row["member_id"]: row["points"] for row in rows} == wallets(messages)
        assert (await VerifyBooks(pool)("lean")).differences == []
        assert await world.books_are_right("lean")
