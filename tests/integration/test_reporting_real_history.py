"""Two months of a real community through the handler, against the same numbers computed by DuckDB."""

import gzip
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import duckdb
import pytest

from services.reporting.domain.periods import By, span_of
from services.reporting.handlers.read_numbers import Numbers, read_numbers
from shared.contracts.profiles import CommunityProfile
from shared.engine import Event
from shared.postgres.connection import Connection
from tests.builders import posted, profile
from tests.reporting_world import BY_THE_FACTS, connected, record, roll_ups
from tests.servers import ServiceDatabase

ZONE = "America/New_York"
"""Clocks go forward in March, so that one day of the slice has 23 hours."""
FROM, UNTIL = "2024-03-01T05:00:00Z", "2024-05-01T04:00:00Z"
FIRST, LAST = date(2024, 3, 1), date(2024, 4, 30)
BATCH = 500
# Some messages stand in the file twice; they are one event.
TRUTH = """
    WITH message AS (
        SELECT DISTINCT id, sent_at, sender, coalesce(is_bot, false) AS is_bot,
               CAST(timezone('{zone}', CAST(sent_at AS TIMESTAMPTZ)) AS DATE) AS day
        FROM read_json('{path}', columns = {{
            id: 'BIGINT', sent_at: 'VARCHAR', sender: 'VARCHAR', is_bot: 'BOOLEAN'}})
        WHERE sent_at >= '{first}' AND sent_at < '{until}'
    )
    SELECT CAST(date_trunc('{by}', day) AS DATE), count(*) FILTER (WHERE NOT is_bot),
           count(DISTINCT sender) FILTER (WHERE NOT is_bot), count(*) FILTER (WHERE is_bot)
    FROM message GROUP BY 1 ORDER BY 1
"""


def history(path: Path, about: CommunityProfile) -> Iterator[Event[Any]]:
    """The slice's messages in order of the file."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            message = json.loads(line)
            if FROM <= message["sent_at"] < UNTIL:
                yield posted(
                    message["text"][:1000],
                    datetime.fromisoformat(message["sent_at"]),
                    member=message["sender"],
                    message=str(message["id"]),
                    channel=message["channel"],
                    is_bot=message.get("is_bot", False),
                    about=about,
                )


@pytest.fixture(scope="module")
def path(real_data: Path) -> Path:
    return real_data / "community-2024.jsonl.gz"


@pytest.fixture
async def connection(
    path: Path, service_database: Callable[[str], Awaitable[ServiceDatabase]]
) -> AsyncIterator[Connection]:
    events = history(path, profile("tea", time_zone=ZONE))
    async with connected(await service_database("reporting")) as open_connection:
        while batch := list(islice(events, BATCH)):
            # the engine never hands an event twice; what the file repeats inside a batch is left out here
            await record(open_connection, list({event.id: event for event in batch}.values()))
        yield open_connection


def computed(path: Path, by: By) -> list[tuple[Any, ...]]:
    query = TRUTH.format(zone=ZONE, path=path, first=FROM, until=UNTIL, by=by)
    with duckdb.connect() as database:
        return database.execute(query).fetchall()


def told(numbers: Numbers) -> list[tuple[Any, ...]]:
    """(first day, messages, active members, bot messages) of every period on which anything happened."""
    values = {series.metric.name: series.values for series in numbers.series}
    columns = [values[name] for name in ("messages", "active_members", "bot_messages")]
    opens = [period.span.first for period in numbers.periods]
    return [row for row in zip(opens, *columns, strict=True) if any(row[1:])]


async def test_days_weeks_and_months_equal_an_independent_calculation(
    connection: Connection, path: Path
) -> None:
    for by in By:
        numbers = await read_numbers(connection, "tea", span_of(FIRST, LAST), by)
        expected = computed(path, by)
        found = told(numbers)
        if by is By.WEEK:  # 1 March is a Friday: our first week is cut to the span, DuckDB's begins on Monday
            expected[0] = (FIRST, *expected[0][1:])
        assert found == expected
    assert len(computed(path, By.DAY)) == 61


async def test_the_roll_ups_of_a_real_history_are_what_its_facts_say(connection: Connection) -> None:
    assert await roll_ups(connection) == await roll_ups(connection, BY_THE_FACTS)
    assert await connection.fetchval("SELECT count(*) FROM fact") > 20_000
