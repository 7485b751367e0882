"""Appeals on a real database: filed in the chat, decided over HTTP by another person, or overdue."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from services.moderation.handlers.file_appeals import APPEAL_DUE
from tests.builders import at, posted, profile
from tests.moderation_case_desk import AD, CaseDesk, opened
from tests.moderation_world import MakeDatabase

STAFF = profile(operators_channel_id="staff")


@pytest.fixture
async def desk(service_database: MakeDatabase) -> AsyncIterator[CaseDesk]:
    """ann advertised twice and is mute."""
    async with opened(service_database) as desk:
        await desk.world.handle(posted(AD, at(hours=-1), message="ad1"))
        await desk.world.handle(posted(AD, at(), message="ad2"))
        desk.world.announced.clear()
        yield desk


async def appeal(desk: CaseDesk, text: str = "申诉", hours: float = 1, **fields: Any) -> list[str]:
    """ann says this; returns the appealed messages so far, latest appeal first."""
    moment = at(hours=hours)
    await desk.world.handle(posted(text, moment, about=STAFF, **fields))
    rows = await desk.pool.fetch(
        "SELECT m.message_id FROM appeal a JOIN case_message m USING (case_id) ORDER BY a.filed_at DESC"
    )
    return [row["message_id"] for row in rows]


async def decide(desk: CaseDesk, outcome: str, operator: str = "op2", **fields: Any) -> Any:
    """A decision on the only open appeal."""
    (item,) = (await desk.get("/communities/tea/appeals"))["items"]
    return await desk.post(f"/appeals/{item['appeal_id']}/decision", operator, outcome=outcome, **fields)


async def test_an_appeal_is_against_the_newest_decision(desk: CaseDesk) -> None:
    assert await appeal(desk, "申诉，我没有发广告") == ["ad2"]
    (filed,) = desk.world.told("appeal.filed")
    assert (filed["member_id"], filed["decide_by"]) == ("ann", "2024-03-07T05:00:00Z")
    assert filed["sanction_id"]
    to_staff, to_ann = sorted(desk.world.told("send_message"), key=lambda each: "member_id" in each)
    assert (to_staff["channel_id"], to_ann["member_id"]) == ("staff", "ann")
    assert "2024-03-07 13:00" in to_staff["text"]
    assert "2024-03-07 13:00" in to_ann["text"]
    (item,) = (await desk.get("/communities/tea/appeals"))["items"]
    assert item["said"] == "我没有发广告"
    queue = await desk.get("/communities/tea/cases")
    assert queue["items"][0]["case_id"] == item["case_id"]
    assert queue["items"][0]["score"] > 10


async def test_each_case_is_appealed_once(desk: CaseDesk) -> None:
    assert await appeal(desk) == ["ad2"]
    assert await appeal(desk, "appeal", hours=1.1) == ["ad1", "ad2"]
    assert await appeal(desk, "申诉", hours=1.2) == ["ad1", "ad2"]
    assert "正在复核" in desk.world.told("send_message")[-1]["text"]


async def test_the_same_message_again_files_nothing(desk: CaseDesk) -> None:
    again = posted("申诉", at(hours=1), message="a", about=STAFF)
    await desk.world.handle(again)
    told = len(desk.world.told())
    await desk.world.handle(again._replace(id=again.id[:-1] + "f"))
    assert await desk.pool.fetchval("SELECT count(*) FROM appeal") == 1
    assert len(desk.world.told()) == told


@pytest.mark.parametrize("hours", [-2, 24 * 8])
async def test_before_a_decision_or_a_week_after_it_there_is_nothing(desk: CaseDesk, hours: float) -> None:
    assert await appeal(desk, hours=hours) == []
    (told,) = desk.world.told("send_message")
    assert "没有可以申诉" in told["text"]


async def test_who_was_never_sanctioned_is_answered_kindly(desk: CaseDesk) -> None:
    assert await appeal(desk, member="ben") == []
    assert [each["member_id"] for each in desk.world.told("send_message")] == ["ben"]
    assert await appeal(desk, "Appeal to reason, my friends", member="ben") == []
    assert len(desk.world.told("send_message")) == 1


async def test_a_late_appeal_counts_and_is_not_answered(desk: CaseDesk) -> None:
    assert await appeal(desk, now=at(hours=2)) == ["ad2"]
    assert desk.world.told("send_message") == []


async def test_an_overturned_appeal_undoes_everything_and_tells_the_member_once(desk: CaseDesk) -> None:
    await appeal(desk)
    answer = await decide(desk, "overturned", reason="误判")
    assert (answer.status_code, answer.json()["outcome"]) == (200, "overturned")
    names = [each["type"] for each in await desk.announced()]
    assert sorted(names) == [
        "appeal.decided", "case.resolved", "message.restored", "sanction.lifted", "send_message",
        "unmute_member",
    ]  # fmt: skip
    (told,) = await desk.announced("send_message")
    assert "误判" in told["text"]
    assert (await desk.get("/communities/tea/appeals"))["items"] == []
    assert len((await desk.get("/communities/tea/appeals", state="decided"))["items"]) == 1


async def test_an_upheld_appeal_confirms_the_case(desk: CaseDesk) -> None:
    await appeal(desk)
    assert (await decide(desk, "upheld")).status_code == 200
    assert [each["type"] for each in await desk.announced()] == [
        "case.resolved", "appeal.decided", "send_message",
    ]  # fmt: skip
    acts = await desk.pool.fetch("SELECT act FROM case_history WHERE act <> 'opened' ORDER BY version")
    assert [row["act"] for row in acts] == ["appealed", "confirmed", "appeal_decided_upheld"]


async def test_who_gave_the_verdict_does_not_decide_the_appeal(desk: CaseDesk) -> None:
    for case_id in await desk.case_ids():
        assert (await desk.verdict("confirmed", "op1", case_id)).status_code == 200
    await appeal(desk)
    refused = await decide(desk, "upheld", "op1")
    assert (refused.status_code, refused.json()["type"]) == (403, "urn:hearth:problem:appeal-own-decision")
    assert (await decide(desk, "overturned", "op2")).status_code == 200


async def test_two_decide_at_once_and_one_is_told_who_was_first(desk: CaseDesk) -> None:
    await appeal(desk)
    answers = await asyncio.gather(*(decide(desk, "upheld", name) for name in ("op1", "op2")))
    assert sorted(each.status_code for each in answers) == [200, 409]
    refused = next(each.json() for each in answers if each.status_code == 409)
    assert refused["decided_by"] in ("op1", "op2")
    assert len(await desk.announced("appeal.decided")) == 1


async def test_a_case_with_an_appeal_is_judged_by_deciding_that(desk: CaseDesk) -> None:
    await appeal(desk)
    (item,) = (await desk.get("/communities/tea/appeals"))["items"]
    refused = await desk.verdict("confirmed", case_id=item["case_id"])
    assert (refused.status_code, refused.json()["appeal_id"]) == (409, item["appeal_id"])
    assert (await desk.post("/appeals/none/decision", outcome="upheld")).status_code == 404


async def test_operators_are_reminded_once_when_an_appeal_is_overdue(desk: CaseDesk) -> None:
    await appeal(desk)
    before = await desk.pool.fetchval("SELECT max(score) FROM moderation_case")
    assert await desk.world.fire(APPEAL_DUE, at(hours=48)) == 0
    assert await desk.world.fire(APPEAL_DUE, at(hours=49), about=STAFF) == 1
    assert "超过处理期限" in desk.world.told("send_message")[-1]["text"]
    assert await desk.pool.fetchval("SELECT max(score) FROM moderation_case") == before + 10
    assert await desk.pool.fetchval("SELECT reminded_at FROM appeal") == at(hours=49)


async def test_nobody_is_reminded_of_a_decided_appeal(desk: CaseDesk) -> None:
    await appeal(desk)
    await decide(desk, "upheld")
    assert await desk.world.fire(APPEAL_DUE, at(hours=49)) == 1
    assert await desk.pool.fetchval("SELECT reminded_at FROM appeal") is None
