"""What a check-in, its repetition, its removal and its return do and say, on a real database."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import date, datetime, timedelta

import asyncpg
import pytest

from shared.contracts.chat import MessageDeleted
from shared.contracts.profiles import Channel
from shared.engine import Poison, UnitOfWork
from tests.builders import NOON, at, event, posted, profile
from tests.integration.engagement_desk import (
    FACTS,
    HANDLER,
    PROFILES,
    Desk,
    deleted,
    recorded,
    removed,
    restored,
    summary,
    words,
)
from tests.servers import ServiceDatabase
from tests.unit.engagement.histories import Outcome

MakeDatabase = Callable[[str], Awaitable[ServiceDatabase]]


@pytest.fixture
async def desk(service_database: MakeDatabase) -> AsyncIterator[Desk]:
    """Works as the service's own role on a fresh database."""
    session = await asyncpg.connect((await service_database("engagement")).app_url)
    yield Desk(session)
    await session.close()


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


async def test_a_gap_is_filled_on_both_sides_however_many_runs_lie_before(desk: Desk) -> None:
    await desk.apply(*(posted("打卡", at(days=day)) for day in (0, 2, 4, 6, 10, 12)))
    assert recorded(await desk.apply(posted("打卡", at(days=11), now=at(days=12)))) == [("2024-03-16", 2, 1)]
    assert recorded(await desk.apply(posted("打卡", at(days=13)))) == [("2024-03-18", 4, 1)]
    runs = (await desk.outcome()).runs
    assert max(runs) == ("tea", "ann", date(2024, 3, 15), date(2024, 3, 18))
    assert len(runs) == 5


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


async def test_a_verdict_sets_a_timer_to_forget_it_by_the_later_of_its_two_clocks(desk: Desk) -> None:
    work = UnitOfWork(desk.connection, now=NOON, source="/hearth/engagement")
    backlog = event(deleted("m2").data, NOON, now=at(days=3), about=PROFILES["tea"])
    ahead_of_the_chat = event(deleted("m3").data, at(days=5), now=NOON, about=PROFILES["tea"])
    async with desk.connection.transaction():
        await HANDLER([deleted("m1"), backlog, ahead_of_the_chat], work)
    due = {timer.key: timer.due_at for timer in work.timers_set.values()}
    assert due == {
        "2024-03-05": datetime.fromisoformat("2024-03-06T00:00:00Z") + timedelta(days=30),
        "2024-03-08": datetime.fromisoformat("2024-03-09T00:00:00Z") + timedelta(days=30),
        "2024-03-10": datetime.fromisoformat("2024-03-11T00:00:00Z") + timedelta(days=30),
    }
