"""Who is forgotten leaves counts and nothing else, in any order; who opted out is in no list."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import date
from typing import Any

import pytest

from services.reporting.domain.periods import By, span_of
from services.reporting.handlers.privacy import alias_of
from services.reporting.handlers.read_people import read_people
from services.reporting.store.erasure import opt_in, opt_out
from shared.contracts.chat import MemberForgotten, MemberJoined, MessageDeleted, ReactionAdded
from shared.contracts.rewards import PointsAwarded
from shared.engine import Event
from shared.postgres.connection import Connection
from tests.builders import NOON, at, event, posted
from tests.laws.tables import business_tables
from tests.reporting_world import ROLL_UPS, connected, record, roll_ups, told
from tests.servers import ServiceDatabase

CANARY = "canary-member-7f"
NAME, TEXT = "张小花", "我的电话不要告诉别人"
MARCH = span_of(date(2024, 3, 1), date(2024, 3, 31))
FEBRUARY = span_of(date(2024, 2, 1), date(2024, 2, 29))


@pytest.fixture
async def connection(
    service_database: Callable[[str], Awaitable[ServiceDatabase]],
) -> AsyncIterator[Connection]:
    async with connected(await service_database("reporting")) as open_connection:
        yield open_connection


def life() -> list[Event[Any]]:
    """The canary in every part that a member can have."""
    tea: dict[str, Any] = {"community_id": "tea"}
    return [
        event(MemberJoined(**tea, member_id=CANARY, member_name=NAME, invited_by="ann"), at(-60)),
        posted(TEXT, NOON, member=CANARY, message="m1", thread="t", member_name=NAME),
        posted("在吗", at(10), member="ben", message="m2", thread="t", reply_to="m1", reply_to_member=CANARY),
        posted("在", at(15), member="ann", message="m0", thread="u"),
        posted("来了", at(20), member=CANARY, message="m3", thread="u"),
        event(MemberJoined(**tea, member_id="cat", invited_by=CANARY), at(30)),
        event(
            ReactionAdded(
                **tea, channel_id="hall", message_id="m1", member_id="ben", reaction="👍", author_id=CANARY
            ),
            at(40),
        ),
        event(
            PointsAwarded(
                **tea, transaction_id="t1", member_id=CANARY, points=2, rule="message", cause_id="m1"
            ),
            at(50),
        ),
    ]


def forgotten(request_id: str = "r1") -> Event[Any]:
    data = MemberForgotten(community_id="tea", member_id=CANARY, request_id=request_id, requested_by="olive")
    return event(data, at(3600))


async def traces(connection: Connection) -> list[str]:
    """Tables that hold the member's id, name or words anywhere."""
    found = []
    for table in await business_tables(connection, "reporting"):
        rows = await connection.fetch(f"SELECT t::text AS row FROM {table} t")
        if any(word in row["row"] for row in rows for word in (CANARY, NAME, TEXT)):
            found.append(table)
    return found


async def test_the_canary_is_everywhere_before_and_nowhere_after(connection: Connection) -> None:
    await record(connection, life())
    await opt_out(connection, "tea", CANARY, "olive")
    await opt_in(connection, "tea", CANARY)
    assert set(await traces(connection)) == {
        "fact", "member", "member_period", "presence", "thread", "message_text"
    } - {"message_text"}  # fmt: skip
    await record(connection, [forgotten()])
    assert await traces(connection) == []


async def test_counts_stay_when_a_member_is_forgotten(connection: Connection) -> None:
    await record(connection, life())
    before = await told(connection, MARCH, By.MONTH)
    await record(connection, [forgotten()])
    after = await told(connection, MARCH, By.MONTH)
    assert [each.total for each in after.series] == [each.total for each in before.series]


@pytest.mark.parametrize("order", ["before", "between", "after", "twice"])
async def test_whoever_is_forgotten_stays_so_in_any_order_and_when_coming_back(
    connection: Connection, order: str
) -> None:
    events = life()
    again = posted("又来了", at(days=2), member=CANARY, message="m9", member_name=NAME)
    told_in = {
        "before": [[forgotten()], [*events, again]],
        "between": [events[:3], [forgotten(), *events[3:], again]],
        "after": [[*events, again], [forgotten()]],
        "twice": [events, [forgotten()], [again], [forgotten("r2")], events],
    }
    for batch in told_in[order]:
        await record(connection, batch)
    assert await traces(connection) == []
    found = await roll_ups(connection)
    assert found.keys() == ROLL_UPS.keys()
    days = [row for row in found["member_period"] if row[1] == "day" and row[3] == alias_of("tea", CANARY)]
    assert [(row[2], row[4]) for row in days] == [(date(2024, 3, 5), 2), (date(2024, 3, 7), 1)]


async def test_who_opted_out_is_in_no_list_and_leaves_no_text(connection: Connection) -> None:
    await record(connection, [posted(f"x{n}", at(n), member="ann") for n in range(9)])
    await record(connection, [posted(f"y{n}", at(n), member="ben") for n in range(9)])
    await opt_out(connection, "tea", "ann", "olive")
    await record(connection, [posted("z", at(60), member="ann"), posted("z", at(61), member="ben")])
    people = await read_people(connection, "tea", MARCH, FEBRUARY)
    assert [row.member_id for row in people.top] == ["ben"]
    rows = await connection.fetch("SELECT DISTINCT member_id FROM message_text")
    assert [row["member_id"] for row in rows] == ["ben"]
    assert (await told(connection, MARCH, By.MONTH)).total("messages") == 20


async def test_a_deleted_message_takes_its_text_along(connection: Connection) -> None:
    gone = MessageDeleted(community_id="tea", channel_id="hall", message_id="m1", deleted_by="ann")
    await record(connection, [posted(TEXT, NOON, message="m1"), posted("stays", at(1), message="m2")])
    await record(connection, [event(gone, at(5))])
    rows = await connection.fetch("SELECT message_id FROM message_text")
    assert [row["message_id"] for row in rows] == ["m2"]


async def test_a_community_may_keep_no_text_at_all(connection: Connection) -> None:
    await connection.execute(
        """INSERT INTO report_setting
           VALUES ('tea', 1, 0, '{}', true, true, true, '09:00', NULL, NULL, 'olive')"""
    )
    await record(connection, [posted(TEXT, NOON)])
    assert await connection.fetchval("SELECT count(*) FROM message_text") == 0
