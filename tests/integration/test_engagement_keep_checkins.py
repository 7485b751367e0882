"""Check-ins on a real database: however batches are cut and ordered, the same check-ins stand."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.engagement.consumers import routes
from shared.contracts.chat import MessageDeleted
from shared.contracts.contract import Contract
from shared.contracts.moderation import MessageRemoved, MessageRestored
from shared.contracts.profiles import Channel, CommunityProfile
from shared.engine import Event, Poison, UnitOfWork
from shared.postgres.connection import Connection
from tests.builders import NOON, at, event, posted, profile
from tests.servers import ServiceDatabase
from tests.unit.engagement.histories import (
    ZONES,
    Act,
    Decide,
    Delete,
    Outcome,
    Post,
    cut,
    expected,
    histories,
    law,
)

HANDLER = routes().routes[0].handler
MakeDatabase = Callable[[str], Awaitable[ServiceDatabase]]
PROFILES = {name: profile(name, time_zone=zone.key) for name, zone in ZONES.items()}
FACTS = ("checkin_message", "message_verdict", "checkin_streak")


@pytest.fixture
async def connection(service_database: MakeDatabase) -> AsyncIterator[Connection]:
    """A session of the service's own role on a fresh database."""
    session = await asyncpg.connect((await service_database("engagement")).app_url)
    yield session
    await session.close()


@dataclass
class Desk:
    """Applies batches, one transaction each, and keeps what was announced."""

    connection: Connection

    async def apply(self, *batch: Event[Any]) -> list[dict[str, Any]]:
        work = UnitOfWork(self.connection, now=NOON, source="/hearth/engagement")
        async with self.connection.transaction():
            await HANDLER(batch, work)
        return [
            {"type": dict(each.headers)["ce_type"].decode(), **json.loads(each.payload)}
            for each in work.outgoing
        ]

    async def rows(self, table: str) -> list[tuple[Any, ...]]:
        return [
            tuple(row) for row in await self.connection.fetch(f"SELECT * FROM {table} ORDER BY 1, 2, 3, 4")
        ]

    async def outcome(self) -> Outcome:
        days = await self.connection.fetch("SELECT * FROM checkin WHERE message_id IS NOT NULL")
        owners = {
            (row["community_id"], row["member_id"], row["local_date"]): row["message_id"] for row in days
        }
        runs = await self.connection.fetch(
            "SELECT community_id, member_id, first_date, last_date FROM checkin_streak"
        )
        return Outcome(owners, {tuple(row) for row in runs})


@pytest.fixture
def desk(connection: Connection) -> Desk:
    return Desk(connection)


def removed(
    message: str, decision: int = 1, occurred_at: datetime = NOON, community: str = "tea"
) -> Event[Any]:
    return decided(MessageRemoved, message, decision, occurred_at, community, rule="ad")


def restored(
    message: str, decision: int = 2, occurred_at: datetime = NOON, community: str = "tea"
) -> Event[Any]:
    return decided(MessageRestored, message, decision, occurred_at, community, restored_by="op")


def decided(
    contract: Callable[..., Contract],
    message: str,
    decision: int,
    occurred_at: datetime,
    community: str,
    **fields: Any,
) -> Event[Any]:
    data = contract(
        community_id=community, message_id=message, member_id="ann", channel_id="hall",
        decision=decision, posted_at=NOON, **fields,
    )  # fmt: skip
    return event(data, occurred_at, about=PROFILES[community])


def deleted(message: str, occurred_at: datetime = NOON, community: str = "tea") -> Event[Any]:
    data = MessageDeleted(community_id=community, message_id=message, channel_id="hall")
    return event(data, occurred_at, about=PROFILES[community])


def as_event(act: Act) -> Event[Any]:
    match act:
        case Post():
            return posted(
                "打卡", act.at, member=act.member, message=act.message, community=act.community,
                about=PROFILES[act.community],
            )  # fmt: skip
        case Delete():
            return deleted(act.message, act.at, act.community)
        case Decide():
            make = removed if act.is_removed else restored
            return make(act.message, act.number, act.at, act.community)


@asynccontextmanager
async def undone(connection: Connection) -> AsyncIterator[None]:
    """A database that is as it was before, afterwards."""
    transaction = connection.transaction()
    await transaction.start()
    try:
        yield
    finally:
        await transaction.rollback()


async def play(
    desk: Desk, batches: Iterable[Sequence[Act]]
) -> tuple[list[dict[str, Any]], dict[str, Any], Outcome]:
    """Announcements, rows and outcome of these batches on an empty database."""
    async with undone(desk.connection):
        told = [each for batch in batches for each in await desk.apply(*map(as_event, batch))]
        rows = {table: await desk.rows(table) for table in (*FACTS, "checkin")}
        return told, rows, await desk.outcome()


FEW = law(40)


@FEW
@given(acts=histories(), places=st.lists(st.integers(0, 40), max_size=6))
async def test_batches_may_be_cut_anywhere(desk: Desk, acts: list[Act], places: list[int]) -> None:
    told, rows, outcome = await play(desk, [acts])
    assert outcome == expected(acts)
    assert await play(desk, cut(acts, places)) == (told, rows, outcome)
    assert await play(desk, [[act] for act in acts]) == (told, rows, outcome)


@FEW
@given(acts=histories(), data=st.data())
async def test_every_order_of_the_same_events_leaves_the_same_facts(
    desk: Desk, acts: list[Act], data: st.DataObject
) -> None:
    _, rows, outcome = await play(desk, cut(acts, [7, 19]))
    for _ in range(3):
        shuffled = data.draw(st.permutations(acts))
        _, others, same = await play(desk, cut(shuffled, [3, 11]))
        assert same == outcome == expected(acts)
        assert [others[table] for table in FACTS] == [rows[table] for table in FACTS]
        assert standing(others["checkin"]) == standing(rows["checkin"])


def standing(days: Iterable[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Rows of `checkin` that count, without their history of announcements."""
    return [row[:6] for row in days if row[4] is not None]


async def test_a_first_check_in_is_recorded_announced_and_answered(desk: Desk) -> None:
    asked = posted("打卡 读完第三章", message="m1")
    told = await desk.apply(asked)
    assert told == [
        {
            "type": "hearth.checkin.recorded.v1", "community_id": "tea", "member_id": "ann",
            "local_date": "2024-03-05", "message_id": "m1", "channel_id": "hall", "streak_days": 1,
        },
        {
            "type": "hearth.send_message.v1", "community_id": "tea", "channel_id": "hall", "member_id": "ann",
            "reply_to": "m1", "purpose": "checkin_answer", "cause_id": asked.id,
            "expires_at": "2024-03-05T04:10:00Z", "text": "打卡成功，这是你的第一次打卡，欢迎！明天也来吧。",
        },
    ]  # fmt: skip


async def test_the_streak_counts_dates_and_the_answer_names_it(desk: Desk) -> None:
    said = [words(await desk.apply(posted("签到", at(days=day))))[0] for day in range(8)]
    assert said[1] == "打卡成功，已连续 2 天。"
    assert said[6] == "打卡成功！已连续 7 天，太棒了 🎉"
    assert said[7] == "打卡成功，已连续 8 天。"
    after_a_gap = await desk.apply(posted("签到", at(days=9)))
    assert words(after_a_gap) == ["打卡成功！新的连续打卡从今天算起。"]
    assert recorded(after_a_gap) == [("2024-03-14", 1, 1)]


async def test_a_member_is_new_only_once_even_when_an_earlier_date_comes_and_goes(desk: Desk) -> None:
    await desk.apply(posted("打卡", at(days=2)))
    await desk.apply(posted("打卡", message="m1"))
    told = await desk.apply(deleted("m1", at(1)), posted("打卡", at(2)))
    assert words(told) == ["打卡成功！新的连续打卡从今天算起。"]


async def test_one_more_on_the_same_date_is_told_so_once(desk: Desk) -> None:
    first, *rest = [await desk.apply(posted("打卡", at(minutes=minute))) for minute in (0, 1, 2)]
    assert recorded(first) == [("2024-03-05", 1, 1)]
    assert [words(each) for each in rest] == [["今天已经打过卡了，连续天数：1。"], []]
    assert [recorded(each) for each in rest] == [[], []]


async def test_a_late_message_counts_without_an_answer(desk: Desk) -> None:
    told = await desk.apply(posted("打卡", now=at(minutes=10, seconds=1)))
    assert recorded(told) == [("2024-03-05", 1, 1)]
    assert words(told) == []
    assert len(words(await desk.apply(posted("打卡", at(days=1), now=at(days=1, minutes=10))))) == 1


async def test_a_late_date_fills_the_gap_and_lengthens_what_follows(desk: Desk) -> None:
    await desk.apply(posted("打卡", at(days=0)), posted("打卡", at(days=2)))
    assert recorded(await desk.apply(posted("打卡", at(days=1), now=at(days=2)))) == [("2024-03-06", 2, 1)]
    assert recorded(await desk.apply(posted("打卡", at(days=3)))) == [("2024-03-08", 4, 1)]


async def test_a_removed_check_in_is_revoked_and_a_restored_one_recorded_again(desk: Desk) -> None:
    await desk.apply(posted("打卡", message="m1"))
    assert summary(await desk.apply(removed("m1"))) == [("revoked", "message_removed", 1)]
    assert summary(await desk.apply(restored("m1"))) == [("recorded", 1, 2)]
    assert summary(await desk.apply(removed("m1", decision=3))) == [("revoked", "message_removed", 2)]


async def test_the_check_in_moves_to_the_next_message_of_the_date(desk: Desk) -> None:
    await desk.apply(posted("打卡", message="m1"), posted("打卡", at(1), message="m2"))
    assert await desk.apply(removed("m1")) == []
    assert (await desk.outcome()).owners == {("tea", "ann", date(2024, 3, 5)): "m2"}
    assert summary(await desk.apply(deleted("m2", at(2)))) == [("revoked", "message_deleted", 1)]
    assert await desk.outcome() == Outcome({}, set())


async def test_an_earlier_message_takes_the_check_in_over_whenever_it_comes(desk: Desk) -> None:
    await desk.apply(posted("打卡", at(60), message="m2"))
    assert recorded(await desk.apply(posted("打卡", message="m1", now=at(60)))) == []
    assert (await desk.outcome()).owners == {("tea", "ann", date(2024, 3, 5)): "m1"}


async def test_a_removal_that_came_first_waits_for_its_message(desk: Desk) -> None:
    await desk.apply(removed("m1"), deleted("m2"))
    assert await desk.apply(posted("打卡", message="m1"), posted("打卡", message="m2")) == []
    assert summary(await desk.apply(restored("m1"))) == [("recorded", 1, 1)]


async def test_a_deletion_counts_on_the_date_of_the_message_and_not_later(desk: Desk) -> None:
    await desk.apply(posted("打卡", message="m1"))
    assert await desk.apply(deleted("m1", at(hours=12))) == []
    assert summary(await desk.apply(deleted("m1", at(hours=12, seconds=-0.001)))) == [
        ("revoked", "message_deleted", 1)
    ]


async def test_a_restored_message_counts_although_the_removal_was_carried_out_in_the_chat(desk: Desk) -> None:
    await desk.apply(posted("打卡", message="m1"), removed("m1"), deleted("m1", at(1)))
    assert summary(await desk.apply(restored("m1"))) == [("recorded", 1, 2)]


async def test_removals_hours_after_midnight_still_revoke(desk: Desk) -> None:
    await desk.apply(posted("打卡", message="m1"))
    assert summary(await desk.apply(removed("m1", occurred_at=at(hours=20)))) == [
        ("revoked", "message_removed", 1)
    ]


async def test_bots_and_other_messages_leave_no_trace(desk: Desk) -> None:
    told = await desk.apply(
        posted("打卡", is_bot=True), posted("今天天气不错"), posted("我忘了打卡"), posted("签到功能坏了")
    )
    assert told == []
    assert [await desk.rows(table) for table in (*FACTS, "checkin")] == [[], [], [], []]


async def test_two_members_of_one_batch_have_a_check_in_each(desk: Desk) -> None:
    told = await desk.apply(posted("打卡"), posted("check in", member="bob"))
    assert [each["member_id"] for each in told if "streak_days" in each] == ["ann", "bob"]


async def test_each_community_has_its_own_midnight(desk: Desk) -> None:
    moment = datetime.fromisoformat("2024-03-10T03:30:00Z")
    told = await desk.apply(
        *(posted("打卡", moment, community=name, about=about) for name, about in PROFILES.items())
    )
    assert [(each["community_id"], each["local_date"]) for each in told if "streak_days" in each] == [
        ("tea", "2024-03-10"),
        ("york", "2024-03-09"),
    ]


async def test_streaks_go_through_the_days_on_which_the_clocks_change(desk: Desk) -> None:
    nights = [datetime.fromisoformat(text) for text in (
        "2024-03-09T23:59:59.999-05:00", "2024-03-10T00:00:00-05:00", "2024-03-11T23:59:59.999-04:00",
        "2024-11-02T23:59:59.999-04:00", "2024-11-03T01:30:00-05:00", "2024-11-04T00:00:00-05:00",
    )]  # fmt: skip
    told = await desk.apply(
        *(posted("打卡", night, community="york", about=PROFILES["york"]) for night in nights)
    )
    assert recorded(told) == [
        ("2024-03-09", 1, 1), ("2024-03-10", 2, 1), ("2024-03-11", 3, 1),
        ("2024-11-02", 1, 1), ("2024-11-03", 2, 1), ("2024-11-04", 3, 1),
    ]  # fmt: skip


async def test_the_answer_is_in_the_community_s_language(desk: Desk) -> None:
    english = profile("club", locale="en-GB")
    told = await desk.apply(posted("Check-in", community="club", about=english))
    assert words(told) == ["Checked in. This is your first check-in, welcome! See you tomorrow."]


@pytest.mark.parametrize(
    ("capabilities", "answers", "reply_to"),
    [((), 1, "m1"), (("send", "reply"), 1, "m1"), (("send",), 1, None), (("delete",), 0, None)],
)
async def test_answers_keep_to_what_the_channel_can_do(
    desk: Desk, capabilities: tuple[str, ...], answers: int, reply_to: str | None
) -> None:
    about = profile("tea", channels=(Channel(channel_id="hall", capabilities=capabilities),))
    told = await desk.apply(posted("打卡", message="m1", about=about))
    assert [each.get("reply_to") for each in told if "text" in each] == [reply_to] * answers
    assert len(recorded(told)) == 1


async def test_a_flood_of_check_ins_and_its_removal_piece_by_piece_end_right(desk: Desk) -> None:
    ids = [f"m{number:03}" for number in range(60)]
    told = await desk.apply(*(posted("打卡", at(number), message=each) for number, each in enumerate(ids)))
    assert len(words(told)) == 2
    for number in range(0, 50, 10):
        assert await desk.apply(*(removed(each) for each in ids[number : number + 10])) == []
    assert (await desk.outcome()).owners == {("tea", "ann", date(2024, 3, 5)): "m050"}
    assert summary(await desk.apply(*(removed(each) for each in ids[50:]))) == [
        ("revoked", "message_removed", 1)
    ]


async def test_a_changed_zone_does_not_move_dates_that_are_recorded(desk: Desk) -> None:
    await desk.apply(posted("打卡", at(hours=11, minutes=59), message="m1"))
    moved = profile("tea", time_zone="America/New_York")
    data = MessageDeleted(community_id="tea", message_id="m1", channel_id="hall")
    assert await desk.apply(event(data, at(hours=12), about=moved)) == []
    assert len((await desk.outcome()).owners) == 1


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00Z", "9999-12-31T23:00:00Z"])
async def test_the_ends_of_the_calendar_are_poison(desk: Desk, text: str) -> None:
    moment = datetime.fromisoformat(text)
    zone = "America/New_York" if moment.year == 1 else "Asia/Shanghai"
    with pytest.raises(Poison):
        await desk.apply(posted("打卡", moment, about=profile("tea", time_zone=zone)))


async def test_a_verdict_sets_a_timer_to_forget_it(desk: Desk) -> None:
    work = UnitOfWork(desk.connection, now=NOON, source="/hearth/engagement")
    about: CommunityProfile = PROFILES["tea"]
    async with desk.connection.transaction():
        await HANDLER([deleted("m1"), event(deleted("m2").data, NOON, now=at(days=3), about=about)], work)
    due = {timer.key: timer.due_at for timer in work.timers_set.values()}
    assert due == {
        "2024-03-05": datetime.fromisoformat("2024-03-06T00:00:00Z") + timedelta(days=30),
        "2024-03-08": datetime.fromisoformat("2024-03-09T00:00:00Z") + timedelta(days=30),
    }


def words(told: Iterable[dict[str, Any]]) -> list[str]:
    """What is said in the chat."""
    return [each["text"] for each in told if "text" in each]


def recorded(told: Iterable[dict[str, Any]]) -> list[tuple[str, int, int]]:
    """Date, streak and revision of the recorded check-ins."""
    return [
        (each["local_date"], each["streak_days"], each.get("revision", 1))
        for each in told
        if "streak_days" in each
    ]


def summary(told: Iterable[dict[str, Any]]) -> list[tuple[str, Any, int]]:
    """Every announcement in short; an answer in the chat would fail here."""
    return [
        ("recorded", each["streak_days"], each.get("revision", 1))
        if each["type"] == "hearth.checkin.recorded.v1"
        else ("revoked", each["reason"], each.get("revision", 1))
        for each in told
    ]
