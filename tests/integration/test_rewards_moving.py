"""A community that moves to another time zone in the middle of a month: each local date still counts once."""

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.rewards.domain.rules import DEFAULT_RULES
from shared.contracts.chat import MessagePosted
from shared.contracts.profiles import CommunityProfile
from shared.engine import Event
from tests.builders import posted, profile
from tests.rewards_http import Site, opened
from tests.rewards_world import words
from tests.servers import ServiceDatabase

SHANGHAI, NEW_YORK = profile(), profile(time_zone="America/New_York")
KIRITIMATI, PAGO_PAGO = profile(time_zone="Pacific/Kiritimati"), profile(time_zone="Pacific/Pago_Pago")
PLACES = (SHANGHAI, NEW_YORK, KIRITIMATI, PAGO_PAGO, profile(time_zone="Asia/Kathmandu"))
DAY_MAX = DEFAULT_RULES.message.paid_per_day_max
DAYS = "SELECT day, messages, cardinality(slots) FROM member_day WHERE member_id = $1 ORDER BY day"
CLOSES = "SELECT closes_at, state FROM month WHERE month = $1"


@pytest.fixture
async def site(service_database: Callable[[str], Awaitable[ServiceDatabase]]) -> AsyncIterator[Site]:
    async with opened(await service_database("rewards")) as site:
        yield site


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def talk(
    first: int, many: int, begins: str, about: CommunityProfile, member: str = "ann"
) -> list[Event[MessagePosted]]:
    """So many messages two minutes apart."""
    start = utc(begins)
    return [
        posted(words(first + number), start + timedelta(minutes=2 * number), member=member, about=about)
        for number in range(many)
    ]


async def test_a_date_that_comes_twice_pays_no_more_than_one(site: Site) -> None:
    morning = talk(0, 15, "2024-03-15T01:00:00", SHANGHAI)
    again = talk(50, 15, "2024-03-15T18:00:00", NEW_YORK)
    await site.world.tell(*morning)
    await site.world.tell(*again)
    rows = await site.world.connection.fetch(DAYS, "ann")
    assert [tuple(row) for row in rows] == [(date(2024, 3, 15), 30, DAY_MAX)]
    assert await site.world.purse() == (DAY_MAX * 2, 0)


async def test_a_month_of_a_community_that_moved_west_closes_a_day_after_its_later_end(site: Site) -> None:
    await site.world.tell(*talk(0, 2, "2024-03-10T01:00:00", KIRITIMATI))
    timer = site.world.timer("2024-03")
    assert timer.due_at == utc("2024-04-01T10:00:00")
    last = talk(50, 3, "2024-04-01T10:30:00", PAGO_PAGO, "ben")
    await site.world.fire(timer, about=PAGO_PAGO)
    assert await site.world.winners("2024-03") == []
    later = site.world.timer("2024-03")
    assert later.due_at == utc("2024-04-02T11:00:00")
    assert await site.world.connection.fetchrow(CLOSES, date(2024, 3, 1)) == (later.due_at, "open")
    await site.world.tell(*last)
    await site.world.fire(later, about=PAGO_PAGO)
    assert [row[1:3] for row in await site.world.winners("2024-03")] == [("ben", 3), ("ann", 2)]


async def test_a_month_of_a_community_that_moved_east_closes_when_it_was_going_to(site: Site) -> None:
    await site.world.tell(*talk(0, 2, "2024-03-10T01:00:00", NEW_YORK))
    timer = site.world.timer("2024-03")
    await site.world.tell(
        *talk(50, 1, "2024-03-31T15:30:00", SHANGHAI), *talk(60, 5, "2024-03-31T16:00:00", SHANGHAI, "ben")
    )
    await site.world.fire(timer, about=SHANGHAI)
    assert [row[1:3] for row in await site.world.winners("2024-03")] == [("ann", 3)]
    await site.world.fire(site.world.timer("2024-04"), about=SHANGHAI)
    assert [row[1:3] for row in await site.world.winners("2024-04")] == [("ben", 5)]


MOVES = st.dictionaries(st.integers(0, 3_000), st.sampled_from(PLACES), min_size=1, max_size=60)
MEMBERS = count()


@given(moves=MOVES)
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_wherever_a_community_moves_no_date_is_paid_too_often_and_every_message_counts_once(
    site: Site, moves: dict[int, CommunityProfile]
) -> None:
    member, begins = f"m{next(MEMBERS)}", utc("2024-02-28T00:00:00")
    chat = [
        posted(words(number), begins + timedelta(minutes=minute), member=member, about=moves[minute])
        for number, minute in enumerate(sorted(moves))
    ]
    await site.world.tell(*chat)
    rows = await site.world.connection.fetch(DAYS, member)
    dates = Counter(each.occurred_at.astimezone(each.profile.zone).date() for each in chat)
    assert {row["day"]: row["messages"] for row in rows} == dates
    paid = sum(row["cardinality"] for row in rows)
    assert all(row["cardinality"] <= DAY_MAX for row in rows)
    assert await site.world.purse(member) == (2 * paid, 0)
    assert await site.world.books_are_right()
