"""A real community's year through the handler: every metric against the same one computed from its file."""

import gzip
import json
import random
from collections.abc import AsyncIterator, Iterator
from datetime import date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from services.reporting.domain.metric_registry import BY_NAME
from services.reporting.domain.periods import By, span_of
from services.reporting.handlers.computations import COMPUTATIONS
from services.reporting.handlers.read_numbers import Numbers, read_channels
from services.reporting.store.numbers import heat
from shared.contracts.profiles import CommunityProfile
from shared.engine import Event
from shared.postgres.connection import Connection
from tests.builders import posted, profile
from tests.reporting_oracle import CHANNELS, HEAT, Oracle, month_after, start, week_after
from tests.reporting_world import BY_THE_FACTS, ROLL_UPS, connected, record, roll_ups, told
from tests.servers import Databases

ZONE = "America/New_York"
"""Clocks change twice: one day has 23 hours and one has 25."""
YEAR = span_of(date(2023, 12, 31), date(2024, 12, 31))
"""The file's year is that of UTC; its first hours are the last of December in New York."""
TODAY = date(2025, 1, 1)
BATCH = 4000


def history(path: Path, about: CommunityProfile) -> Iterator[Event[Any]]:
    """The year's messages in order of the file."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            message = json.loads(line)
            reply = message.get("reply_to")
            yield posted(
                message["text"][:1000],
                datetime.fromisoformat(message["sent_at"]),
                member=message["sender"],
                message=str(message["id"]),
                channel=message["channel"],
                thread=message.get("topic") or None,
                reply_to=str(reply) if reply else None,
                is_bot=message.get("is_bot", False),
                about=about,
            )


@pytest.fixture(scope="module")
def path(real_data: Path) -> Path:
    return real_data / "community-2024.jsonl.gz"


@pytest.fixture(scope="module")
def oracle(path: Path) -> Oracle:
    return Oracle(path, ZONE)


@pytest.fixture(scope="module")
async def connection(path: Path, databases: Databases) -> AsyncIterator[Connection]:
    """The year, recorded once in the order of the file."""
    database = await databases.create("reporting")
    events = history(path, profile("tea", time_zone=ZONE))
    async with connected(database) as open_connection:
        await open_connection.execute("SET statement_timeout = '5min'")  # for what the facts say, all at once
        while batch := list(islice(events, BATCH)):
            await take(open_connection, batch)
        yield open_connection
    await databases.drop(database)


async def take(connection: Connection, batch: list[Event[Any]]) -> None:
    """The engine never hands an event twice; what the file repeats inside a batch is left out here."""
    await record(connection, once(batch))


def once(events: list[Event[Any]]) -> list[Event[Any]]:
    """Of what stands in the file twice, in a few cases in two channels, the one that comes first."""
    return list({event.id: event for event in reversed(events)}.values())[::-1]


def values(numbers: Numbers, name: str) -> dict[date, Any]:
    """A metric by the first day of each natural period."""
    (series,) = [each for each in numbers.series if each.metric.name == name]
    by = {1: "day", 7: "week"}.get(max(period.span.days for period in numbers.periods), "month")
    return {
        start(period.span.first, by): value
        for period, value in zip(numbers.periods, series.values, strict=True)
    }


def agree(ours: dict[date, Any], theirs: dict[date, Any]) -> bool:
    """Period by period; what the oracle has nothing of is zero or nothing."""
    different = {
        first: (value, theirs.get(first))
        for first, value in ours.items()
        if (value or 0) != pytest.approx(theirs.get(first) or 0, rel=1e-9)
    }
    assert different == {}
    return any(theirs.values())


@pytest.mark.parametrize("by", list(By))
async def test_counts_of_every_day_week_and_month_are_those_of_the_file(
    connection: Connection, oracle: Oracle, by: By
) -> None:
    numbers = await told(connection, YEAR, by, today=TODAY)
    for name, expected in oracle.counts(by).items():
        assert agree(values(numbers, name), expected)
    assert agree(values(numbers, "first_writers"), oracle.first_writers(by))
    assert agree(values(numbers, "new_members"), oracle.first_writers(by))


@pytest.mark.parametrize("by", list(By))
async def test_concentration_is_that_of_the_file(connection: Connection, oracle: Oracle, by: By) -> None:
    numbers = await told(connection, YEAR, by, today=TODAY)
    for name, expected in oracle.concentration(by).items():
        assert agree(values(numbers, name), expected)


@pytest.mark.parametrize("by", list(By))
async def test_retention_cohorts_are_those_of_the_file(
    connection: Connection, oracle: Oracle, by: By
) -> None:
    numbers = await told(connection, YEAR, by, today=TODAY)
    for days in (1, 7, 30):
        expected = oracle.retention(by, lambda day, days=days: [day + timedelta(days=days)], YEAR.last)
        agree(values(numbers, f"retention_day_{days}"), expected)
    agree(values(numbers, "retention_week_1"), oracle.retention(by, week_after, YEAR.last))
    agree(values(numbers, "retention_month_1"), oracle.retention(by, month_after, YEAR.last))
    if by is By.MONTH:
        assert all(values(numbers, "retention_day_7")[date(2024, month, 1)] for month in range(1, 12))


@pytest.mark.parametrize("by", list(By))
async def test_time_to_first_response_is_that_of_the_file(
    connection: Connection, oracle: Oracle, by: By
) -> None:
    numbers = await told(connection, YEAR, by, today=TODAY)
    for name, expected in oracle.responses(by).items():
        assert agree(values(numbers, name), expected)


async def test_relations_are_those_of_their_parts_in_the_file(connection: Connection, oracle: Oracle) -> None:
    numbers = await told(connection, YEAR, By.MONTH, today=TODAY)
    counts, daily = oracle.counts("month"), oracle.counts("day")["active_members"]
    ends = {start(period.span.first, "month"): period.span.last for period in numbers.periods}
    people = oracle.population(ends.values())
    assert agree(values(numbers, "members"), {first: people[end] for first, end in ends.items()})
    spans = {start(period.span.first, "month"): period.span for period in numbers.periods}
    for first, active in counts["active_members"].items():
        messages, replies = counts["messages"][first], counts["replies"][first]
        mean = sum(daily.get(day, 0) for day in spans[first]) / spans[first].days
        expected = {
            "messages_per_member": messages / active,
            "reply_rate": 100 * replies / messages,
            "participation_rate": 100 * active / people[ends[first]],
            "stickiness": 100 * mean / active,
        }
        for name, value in expected.items():
            assert values(numbers, name)[first] == pytest.approx(value), (first, name)


async def test_the_heat_map_and_the_channels_are_those_of_the_file(
    connection: Connection, oracle: Oracle
) -> None:
    cells = [tuple(cell)[:3] for cell in await heat(connection, "tea", YEAR)]
    assert cells == oracle.rows(HEAT)
    channels = await read_channels(connection, "tea", YEAR, [BY_NAME["messages"]])
    found = [
        (period.name, count)
        for period, count in zip(channels.periods, channels.series[0].values, strict=True)
        if count
    ]
    assert sorted(found) == sorted(oracle.rows(CHANNELS))


def test_no_computation_is_left_out() -> None:
    """What the file has nothing of is compared elsewhere: joins, warm-ups, questions as engagement tells."""
    of_other_events = {"referred", "activation", "first_answer", "uplift"}
    of_the_file = {
        "active", "stickiness", "population", "first_seen", "first_message", "retention", "gini", "top_tenth",
        "absence_factor", "threads_opened", "threads_unanswered", "response_rate", "first_response",
    }  # fmt: skip
    assert COMPUTATIONS.keys() == of_other_events | of_the_file


async def test_the_roll_ups_of_a_real_history_are_what_its_facts_say(connection: Connection) -> None:
    assert await roll_ups(connection) == await roll_ups(connection, BY_THE_FACTS)
    assert await connection.fetchval("SELECT count(*) FROM fact") > 160_000


async def test_a_history_in_any_chunks_twice_and_partly_late_gives_the_same(
    connection: Connection, path: Path, databases: Databases
) -> None:
    """1 % comes a day late; the first tenth is imported again at the end. Only revisions may differ."""
    chance = random.Random(5)
    events = once(list(history(path, profile("tea", time_zone=ZONE))))
    order = sorted(
        events, key=lambda event: event.occurred_at + timedelta(days=1 if chance.random() < 0.01 else 0)
    )
    order += events[: len(events) // 10]
    database = await databases.create("reporting")
    async with connected(database) as other:
        while order:
            size = chance.choice([700, 2500, 6000])
            await take(other, order[:size])
            del order[:size]
        theirs = await roll_ups(other)
    await databases.drop(database)
    ours = await roll_ups(connection)
    for name in ROLL_UPS:
        assert ours[name] == theirs[name], name
