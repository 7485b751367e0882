"""Reports by schedule: each period's once, in its own time, whatever comes late, again or fails."""

import json
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from services.reporting.app import routes
from services.reporting.domain.periods import By
from services.reporting.handlers import send_reports
from services.reporting.handlers.report_timers import next_report
from shared.contracts.chat import ClockSet, MessagePosted
from shared.contracts.commands import SendMessage
from shared.contracts.profiles import CommunityProfile
from shared.contracts.progress import CommunityProgress
from shared.postgres.connection import Pool
from shared.postgres.pool import open_pool
from tests.builders import profile
from tests.laws.stories import COMMUNITY, Sample, sample
from tests.laws.workbench import Workbench, workbench
from tests.servers import ServiceDatabase

ZONE = profile().zone
NEW_YEAR = datetime(2024, 1, 1, tzinfo=ZONE)
DAYS = 366
OFFICE = "office"
END = NEW_YEAR + timedelta(days=DAYS + 1)
SENT = "SELECT by, period, state, attempt FROM sent_report ORDER BY first_day, by, attempt"
COMMANDS = "SELECT payload FROM outbox WHERE topic = 'chat.commands' ORDER BY seq"


def said(number: int, at: datetime) -> Sample:
    data = MessagePosted(
        community_id=COMMUNITY, channel_id="hall", message_id=f"m{number}", member_id=f"u{number % 7}",
        text="今天一起喝普洱茶吗？", member_name=f"茶友{number % 7}",
    )  # fmt: skip
    return sample(data, at)


def opening(**fields: Any) -> list[Sample]:
    about = CommunityProfile(community_id=COMMUNITY, revision=1, operators_channel_id=OFFICE, **fields)
    clock = ClockSet(community_id=COMMUNITY, mode="event", run_id="year")
    return [sample(about, NEW_YEAR), sample(clock, NEW_YEAR)]


def year() -> list[Sample]:
    """A message every day at noon."""
    return [said(day, NEW_YEAR + timedelta(days=day, hours=12)) for day in range(DAYS)]


def passed(moment: datetime = END) -> list[Sample]:
    """Everybody has come to this moment."""
    progress = [
        CommunityProgress(
            community_id=COMMUNITY, service=service, mode="event", turns=1, clock=moment.astimezone(UTC)
        )
        for service in ("moderation", "engagement", "rewards")
    ]
    told = [
        sample(each, moment, f"/hearth/{each.service}", topic=f"{each.service}.events") for each in progress
    ]
    clock = ClockSet(community_id=COMMUNITY, mode="event", run_id=f"{moment}", to=moment)
    return [*told, sample(clock, moment)]


@pytest.fixture
async def pool(service_database: Callable[[str], Awaitable[ServiceDatabase]]) -> AsyncIterator[Pool]:
    database = await service_database("reporting")
    opened = await open_pool(database.app_url, "test", size_min=1, size_max=2)
    yield opened
    await opened.close()


@asynccontextmanager
async def lived(pool: Pool, batches: Sequence[Sequence[Sample]]) -> AsyncIterator[Workbench]:
    """A bench after these batches."""
    everything = [each for batch in batches for each in batch]
    async with workbench("reporting", pool, everything) as bench:
        for batch in batches:
            plan = await bench.take(batch, routes())
            assert [dead.detail for dead in plan.dead] == []
        yield bench


async def commands(bench: Workbench) -> list[SendMessage]:
    rows = await bench.connection.fetch(COMMANDS)
    return [SendMessage.model_validate_json(bytes(row["payload"])) for row in rows]


async def test_every_period_of_a_year_is_reported_exactly_once(pool: Pool) -> None:
    events, chance = [*opening(), *year(), *passed()], random.Random(3)
    batches = []
    while events:
        size = chance.choice([1, 40, 90])
        batches.append(events[:size])
        del events[:size]
    batches[-1] += passed()
    async with lived(pool, batches) as bench:
        sent = [tuple(row) for row in await bench.connection.fetch(SENT)]
        told = await commands(bench)
    assert Counter(by for by, _, state, _ in sent if state == "sent") == {"day": 366, "week": 52, "month": 12}
    months = [period for by, period, state, _ in sent if by == "month" and state == "sent"]
    assert months == [f"2024-{month:02}" for month in range(1, 13)]
    weeks = [period for by, period, state, _ in sent if by == "week" and state == "sent"]
    assert weeks == [f"2024-W{week:02}" for week in range(1, 53)]
    assert len(told) == len({each.cause_id for each in told}) == 366 + 52 + 12
    assert {each.channel_id for each in told} == {OFFICE}


async def test_a_report_is_sent_in_its_own_time_and_language(pool: Pool) -> None:
    march = NEW_YEAR + timedelta(days=32)
    async with lived(pool, [[*opening(locale="en"), *year()[:32]], passed(march)]) as bench:
        told = {each.text.splitlines()[0]: each for each in await commands(bench)}
    (month,) = [each for title, each in told.items() if "2024-01" in title and "report for" in title]
    assert month.expires_at == datetime(2024, 2, 1, 9, tzinfo=ZONE) + timedelta(hours=24)
    assert "31 messages" in month.text


async def test_what_comes_late_or_again_sends_nothing_twice_and_shows_in_the_revision(pool: Pool) -> None:
    events = [*opening(), *year()[:40]]
    late = said(500, NEW_YEAR + timedelta(days=3))
    async with lived(pool, [events, passed(NEW_YEAR + timedelta(days=41))]) as bench:
        before = [tuple(row) for row in await bench.connection.fetch(SENT)]
        await bench.take([late, *events], routes())
        await bench.take(passed(NEW_YEAR + timedelta(days=41)), routes())
        assert [tuple(row) for row in await bench.connection.fetch(SENT)] == before
        row = await bench.connection.fetchrow("SELECT revision FROM day WHERE local_date = '2024-01-04'")
        assert row is not None
        assert row["revision"] >= 1


async def test_a_period_without_anything_is_noted_and_not_sent(pool: Pool) -> None:
    later = NEW_YEAR + timedelta(days=3, hours=10)
    async with lived(pool, [[*opening(), year()[0]], passed(later)]) as bench:
        sent = [tuple(row) for row in await bench.connection.fetch(SENT)]
        assert [row for row in sent if row[0] == "day"] == [
            ("day", "2024-01-01", "sent", 1), ("day", "2024-01-02", "empty", 1),
            ("day", "2024-01-03", "empty", 1),
        ]  # fmt: skip
        assert len(await commands(bench)) == 1


async def test_a_community_whose_report_fails_does_not_stop_others(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(send_reports, "read_report", broken)
    async with lived(pool, [[*opening(), *year()[:2]], passed(NEW_YEAR + timedelta(days=2))]) as bench:
        sent = [tuple(row) for row in await bench.connection.fetch(SENT)]
        assert ("day", "2024-01-01", "failed", 1) in sent
        assert await commands(bench) == []
        rows = await bench.connection.fetch("SELECT kind, key FROM timers WHERE kind = 'send_report'")
        assert {row["key"] for row in rows} == {"day", "week", "month"}
        assert await bench.connection.fetchval("SELECT sum(events) FROM day") == 2


async def test_a_community_without_a_place_to_send_to_has_no_timers(pool: Pool) -> None:
    about = CommunityProfile(community_id=COMMUNITY, revision=1)
    clock = ClockSet(community_id=COMMUNITY, mode="event", run_id="year")
    batch = [sample(about, NEW_YEAR), sample(clock, NEW_YEAR), *year()[:3]]
    async with lived(pool, [batch]) as bench:
        rows = await bench.connection.fetch("SELECT kind FROM timers")
    assert {row["kind"] for row in rows} == {"read_words"}


async def test_texts_are_read_on_mondays_and_forgotten_after_thirty_days(pool: Pool) -> None:
    batches = [[*opening(), *year()[:60]], passed(NEW_YEAR + timedelta(days=61))]
    async with lived(pool, batches) as bench:
        kept = await bench.connection.fetchval("SELECT min(local_date) FROM message_text")
        assert kept >= date(2024, 2, 26) - timedelta(days=30)
        assert await bench.connection.fetchval("SELECT count(*) FROM message_text") > 0
        read = await bench.connection.fetchval("SELECT count(DISTINCT local_date) FROM word_day")
    assert read == 0, "a word of one message a day is nobody's theme"


@pytest.mark.parametrize(
    ("by", "after", "due"),
    [
        (By.DAY, datetime(2024, 3, 5, 8, 59), datetime(2024, 3, 5, 9)),
        (By.DAY, datetime(2024, 3, 5, 9), datetime(2024, 3, 6, 9)),
        (By.WEEK, datetime(2024, 3, 4, 8), datetime(2024, 3, 4, 9)),
        (By.WEEK, datetime(2024, 3, 4, 9), datetime(2024, 3, 11, 9)),
        (By.MONTH, datetime(2024, 2, 29, 23), datetime(2024, 3, 1, 9)),
        (By.MONTH, datetime(2024, 12, 5), datetime(2025, 1, 1, 9)),
    ],
)
def test_reports_are_due_at_nine_after_their_period(by: By, after: datetime, due: datetime) -> None:
    timer = next_report("tea", by, after.replace(tzinfo=ZONE), ZONE, datetime(2024, 1, 1, 9).time())
    assert timer.due_at == due.replace(tzinfo=ZONE)
    assert json.dumps(timer.after) == '["moderation", "engagement", "rewards"]'
