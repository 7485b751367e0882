"""Members' reports on a real database: they call operators and hold a message; verdicts weigh who reports."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import pytest

from tests.builders import at, posted, profile
from tests.moderation_case_desk import CaseDesk, opened
from tests.moderation_world import MakeDatabase

STAFF = profile(operators_channel_id="staff")
MEMBERS = ("ben", "cat", "dan", "eve", "fay")


@pytest.fixture
async def desk(service_database: MakeDatabase) -> AsyncIterator[CaseDesk]:
    """Five members who have been here for eight days, and a message of ann's."""
    async with opened(service_database) as desk:
        await desk.world.handle(*(posted("大家好", at(days=-8), member=name) for name in MEMBERS))
        await desk.world.handle(posted("你们都是傻子", at(), message="bad"))
        yield desk


async def report(
    desk: CaseDesk, *members: str, message: str = "bad", text: str = "举报", **fields: Any
) -> None:
    """Each of these reports the message, a second apart, in batches of their own."""
    for second, name in enumerate(members):
        moment: datetime = at(minutes=1) + (at(second) - at())
        told: dict[str, Any] = {"reply_to": message, "reply_to_member": "ann", "about": STAFF} | fields
        await desk.world.handle(posted(text, moment, member=name, message=f"{name}-{message}", **told))


def to_staff(desk: CaseDesk) -> list[str]:
    """What operators read."""
    return [each["text"] for each in desk.world.told("send_message") if each.get("channel_id") == "staff"]


async def test_two_reports_call_operators_and_a_third_holds_the_message(desk: CaseDesk) -> None:
    await report(desk, "ben")
    assert await desk.case_ids() == []
    await report(desk, "cat")
    (case_id,) = await desk.case_ids()
    assert ["多位成员举报" in text for text in to_staff(desk)] == [True]
    assert await desk.world.removed() == []
    await report(desk, "dan")
    assert await desk.world.removed() == ["bad"]
    assert len(desk.world.told("delete_message")) == 1
    assert len(to_staff(desk)) == 2
    assert await desk.world.rows("strike") == []
    case = await desk.get(f"/cases/{case_id}")
    assert (case["kind"], case["member_id"]) == ("report", "ann")
    assert [each["reporter_id"] for each in case["reports"]] == ["ben", "cat", "dan"]
    assert case["messages"][0]["findings"][0]["evidence"] == "3 trusted reporters"
    await report(desk, "eve", "fay")
    assert len(desk.world.told("message.removed")) == 1
    assert len(to_staff(desk)) == 2


async def test_it_is_the_same_in_one_batch_and_when_it_comes_again(desk: CaseDesk) -> None:
    batch = [
        posted(
            "举报", at(60 + n), member=name, message=name, reply_to="bad", reply_to_member="ann", about=STAFF
        )
        for n, name in enumerate(("ben", "cat", "dan"))
    ]
    await desk.world.handle(*batch)
    assert await desk.world.removed() == ["bad"]
    assert len(to_staff(desk)) == 2
    before = [await desk.world.rows(table) for table in ("member_report", "reported_message", "removal")]
    await desk.world.handle(*(each._replace(id=each.id[:-1] + "f") for each in batch))
    assert before == [
        await desk.world.rows(table) for table in ("member_report", "reported_message", "removal")
    ]
    assert len(desk.world.told("message.removed")) == 1


async def test_a_member_counts_once_and_not_against_himself(desk: CaseDesk) -> None:
    await report(desk, "ben", "ben", "ann")
    assert len(await desk.world.rows("member_report")) == 1
    assert await desk.case_ids() == []


async def test_newcomers_call_operators_and_hold_nothing(desk: CaseDesk) -> None:
    await report(desk, "new1", "new2", "new3", "new4")
    assert len(await desk.case_ids()) == 1
    assert await desk.world.removed() == []
    await report(desk, "ben", "cat", "dan")
    assert await desk.world.removed() == ["bad"]


async def test_late_reports_count_and_do_nothing_by_themselves(desk: CaseDesk) -> None:
    await report(desk, "ben", "cat", "dan", now=at(hours=1))
    assert len(await desk.world.rows("member_report")) == 3
    assert await desk.case_ids() == []
    await report(desk, "eve")
    assert await desk.world.removed() == ["bad"]


async def test_a_verdict_gives_the_message_back_and_weighs_who_reported(desk: CaseDesk) -> None:
    await report(desk, "ben", "cat", "dan")
    assert (await desk.verdict("overturned")).status_code == 200
    (restored,) = await desk.announced("message.restored")
    assert restored["message_id"] == "bad"
    await desk.world.handle(posted("又一条", at(hours=1), message="other"))
    await report(desk, "ben", "cat", "dan", message="other")
    assert await desk.world.removed() == ["bad"]
    assert len(await desk.case_ids()) == 1


async def test_a_confirmed_report_removes_what_was_not_held(desk: CaseDesk) -> None:
    await report(desk, "ben", "cat")
    assert (await desk.verdict("confirmed")).status_code == 200
    (removed,) = await desk.announced("message.removed")
    assert removed["rule"] == "report"
    verdicts = await desk.pool.fetch("SELECT verdict FROM member_report")
    assert [row["verdict"] for row in verdicts] == ["confirmed", "confirmed"]


async def test_what_a_person_found_innocent_is_not_held_by_further_reports(desk: CaseDesk) -> None:
    await report(desk, "ben", "cat")
    await desk.verdict("overturned")
    await report(desk, "dan", "eve", "fay")
    assert await desk.world.removed() == []


async def test_an_operators_message_is_shown_but_not_held(desk: CaseDesk) -> None:
    await desk.world.handle(posted("通知", at(30), message="bad", member_roles=("operator",)))
    await report(desk, "ben", "cat", "dan")
    assert len(await desk.case_ids()) == 1
    assert await desk.world.removed() == []


async def test_where_the_author_is_not_known_operators_are_called(desk: CaseDesk) -> None:
    await report(desk, "ben", "cat", "dan", reply_to_member=None)
    assert await desk.world.removed() == []
    assert len(to_staff(desk)) == 1


async def test_a_word_without_a_message_is_told_how_to_report(desk: CaseDesk) -> None:
    await desk.world.handle(posted("/report", at(60), member="ben"))
    assert ["先回复那条消息" in each["text"] for each in desk.world.told("send_message")] == [True]
    await desk.world.handle(posted("举报有奖活动开始了", at(70), member="cat", reply_to="bad"))
    assert await desk.world.rows("member_report") == []
