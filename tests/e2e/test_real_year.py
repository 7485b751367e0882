"""A real community's year through the whole pipeline, against what its file says by other means.

Days are counted by DuckDB, months by `month_oracle.py`; neither shares code with a service.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from deploy.local.roles import SERVICES
from shared.contracts.topics import CHAT_EVENTS
from tests.e2e.month_oracle import Checkin, counted_messages, months
from tests.e2e.stack_fixtures import Pipeline, every_sum_fits, topic_in
from tests.laws.tables import digests

pytestmark = pytest.mark.timeout(1800)

LEAN = "lean"
FIRST, LAST = date(2024, 1, 1), date(2024, 12, 31)
AGAIN = 20_000
# What stands in the file twice is one message.
DAYS = """
    WITH message AS (
        SELECT DISTINCT id, sender, coalesce(is_bot, false) AS is_bot, CAST(sent_at[1:10] AS DATE) AS day
        FROM read_json('{path}', columns = {{
            id: 'BIGINT', sent_at: 'VARCHAR', sender: 'VARCHAR', is_bot: 'BOOLEAN'}})
    )
    SELECT day, count(*) FILTER (WHERE NOT is_bot), count(DISTINCT sender) FILTER (WHERE NOT is_bot)
    FROM message GROUP BY day
"""
COUNTS = """
    SELECT count(*), count(DISTINCT id)
    FROM read_json('{path}', columns = {{id: 'BIGINT'}})
"""
REMOVED = "SELECT message_id FROM moderation.removal WHERE community_id = $1"
SET_ASIDE = "SELECT count(*) FROM {service}.dead_letter WHERE key = $1"
# Who was muted or removed in a month, and by nobody let off, is no candidate of it.
SANCTIONED = """
    SELECT member_id, applied_at AT TIME ZONE 'UTC' FROM moderation.sanction
    WHERE community_id = $1 AND step NOT IN ('reminder', 'warning') AND lifted_by IS NULL
"""
CHECKINS = """
    SELECT member_id, local_date, occurred_at FROM engagement.checkin
    WHERE community_id = $1 AND message_id IS NOT NULL
"""


@dataclass(frozen=True, slots=True)
class Year:
    """The imported year."""

    path: Path
    told: Mapping[str, Any]
    """What the command printed for programs."""


def member(sender: str) -> str:
    """A sender's id in the community."""
    return f"{LEAN}:{sender}"


async def import_year(live: Pipeline, path: Path, *more: str) -> Any:
    """As an operator does it."""
    how = ("--community", LEAN, "--timezone", "UTC", "--clock", "event", "--wait", *more)
    return await live.hearth_json("import", "jsonl", path, *how)


@pytest.fixture(scope="module")
def say(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Tells people who watch the tests a figure, whether or not output is captured."""
    capture = request.config.pluginmanager.getplugin("capturemanager")

    def aloud(line: str) -> None:
        with capture.global_and_fixture_disabled():
            print(f"\n{line}")

    return aloud


@pytest.fixture(scope="module")
async def year(real_data: Path, live: Pipeline, say: Callable[[str], None]) -> Year:
    """The year, imported once."""
    path = real_data / "community-2024.jsonl.gz"
    began = time.monotonic()
    told = await import_year(live, path)
    seconds = time.monotonic() - began
    rates = {name: round(each["events_per_second"]) for name, each in told["services"].items()}
    say(f"the real year: {told['published']:,} messages in {seconds:.1f} s; events/s {rates}")
    return Year(path, told)


def rows(query: str, path: Path) -> list[tuple[Any, ...]]:
    with duckdb.connect() as database:
        return database.execute(query.format(path=path)).fetchall()


async def test_every_message_of_the_year_is_handled_and_every_sum_fits(live: Pipeline, year: Year) -> None:
    ((lines, messages),) = rows(COUNTS, year.path)
    assert year.told["published"] == lines
    assert year.told["bad_lines"] == 0
    assert year.told["reconciles"] is True
    drained = await live.drain()
    assert every_sum_fits(drained)
    for service in SERVICES:
        chat = topic_in(drained, service, CHAT_EVENTS)
        assert chat.next - chat.first == chat.end >= lines
        assert chat.applied >= messages
        assert await live.database.fetchval(SET_ASIDE.format(service=service), LEAN.encode()) == 0
    facts = await live.database.fetchval(
        "SELECT count(*) FROM reporting.fact WHERE community_id = $1 AND type = 'message.posted'", LEAN
    )
    assert facts == messages


async def test_every_day_of_the_year_has_the_messages_and_members_of_the_file(
    live: Pipeline, year: Year
) -> None:
    numbers = await live.get(
        "reporting", f"/v1/communities/{LEAN}/metrics", metric=["messages", "active_members"], by="day",
        **{"from": str(FIRST), "to": str(LAST)},
    )  # fmt: skip
    days = [date.fromisoformat(each["first"]) for each in numbers["periods"]]
    assert days == [FIRST + timedelta(days=number) for number in range(366)]
    values = {each["metric"]["name"]: each["values"] for each in numbers["series"]}
    told = dict(zip(days, zip(values["messages"], values["active_members"], strict=True), strict=True))
    expected = {day: (messages, members) for day, messages, members in rows(DAYS, year.path)}
    assert {day: told[day] for day in days if told[day] != expected.get(day, (0, 0))} == {}
    assert sum(messages for messages, _ in told.values()) > 150_000


def standing(told: Mapping[str, Any]) -> tuple[int, str, int, dict[str, int]]:
    """A place as the API tells it."""
    parts = {part["name"]: part["score"] for part in told["parts"]}
    return told["rank"], told["member_id"], told["score"], parts


async def test_the_top_three_of_every_month_are_those_of_the_oracle(
    live: Pipeline, year: Year, say: Callable[[str], None]
) -> None:
    removed = {row[0] for row in await live.database.fetch(REMOVED, LEAN)}
    checkins = [Checkin(*row) for row in await live.database.fetch(CHECKINS, LEAN)]
    say(f"of the real year {len(removed)} messages were removed and {len(checkins)} checked in")
    muted = {(f"{row[1]:%Y-%m}", row[0]) for row in await live.database.fetch(SANCTIONED, LEAN)}
    messages = counted_messages(year.path, "UTC", removed=removed, member_id=member)
    expected = months(messages, checkins, muted)
    assert list(expected) == [f"2024-{month:02}" for month in range(1, 13)]
    for month, places in expected.items():
        told = await live.get("rewards", f"/v1/communities/{LEAN}/months/{month}")
        assert (month, told["state"], told["candidates"]) == (month, "published", len(places))
        assert [
            (
                each["rank"],
                each["member_id"],
                each["score"],
                {part["name"]: part["score"] for part in each["parts"]},
            )
            for each in told["top"]
        ] == [(each.rank, each.member_id, each.score, each.parts) for each in places[:3]]
    assert (await live.get("rewards", f"/v1/communities/{LEAN}/ledger/check"))["consistent"] is True


async def test_the_books_of_the_year_are_clean_when_an_operator_verifies_them(
    live: Pipeline, year: Year
) -> None:
    told = await live.hearth_json("rewards", "verify", LEAN)
    assert (told["consistent"], told["differences"]) == (True, [])
    assert told["months"] == 12


async def test_importing_the_same_file_again_changes_nothing(live: Pipeline, year: Year) -> None:
    await live.drain()
    async with live.database.acquire() as connection:
        before = {service: await digests(connection, service) for service in SERVICES}
        told = await import_year(live, year.path, "--limit", str(AGAIN))
        assert (told["published"], told["reconciles"]) == (AGAIN, True)
        after = {service: await digests(connection, service) for service in SERVICES}
    assert after == before
    assert after["reporting"]["fact"][0] > 150_000
