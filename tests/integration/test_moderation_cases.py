"""The review queue over HTTP: reading, claiming, notes, and who may say what when, on a real database."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.builders import at, posted
from tests.moderation_case_desk import AD, CaseDesk, opened
from tests.moderation_world import MakeDatabase


@pytest.fixture
async def desk(service_database: MakeDatabase) -> AsyncIterator[CaseDesk]:
    """A fresh database with both sides open."""
    async with opened(service_database) as desk:
        yield desk


async def advertise(desk: CaseDesk, *members: str, hours: float = 0) -> None:
    """One ad of each of these members."""
    moment = at(hours=hours)
    await desk.world.handle(*(posted(AD, moment, member=each, message=f"{each}-ad") for each in members))


async def test_the_queue_comes_in_pages_highest_score_first(desk: CaseDesk) -> None:
    await advertise(desk, *(f"m{number}" for number in range(5)))
    await desk.pool.execute("UPDATE moderation_case SET score = 12 WHERE member_id = 'm3'")
    shown: list[str | None] = []
    query: dict[str, Any] = {"limit": 2}
    for _ in range(3):
        page = await desk.get("/communities/tea/cases", **query)
        shown += [item["member_id"] for item in page["items"]]
        query["cursor"] = page["next_cursor"]
    assert shown[0] == "m3"
    assert sorted(filter(None, shown)) == ["m0", "m1", "m2", "m3", "m4"]
    assert shown.count(None) == 1, "the campaign that they are has a case of its own, of no member"
    assert query["cursor"] is None


async def test_cases_by_time_and_of_a_state(desk: CaseDesk) -> None:
    await advertise(desk, "ann")
    await advertise(desk, "ben", hours=1)
    page = await desk.get("/communities/tea/cases", order="time", limit=1)
    assert page["items"][0]["member_id"] == "ben"
    page = await desk.get("/communities/tea/cases", order="time", limit=1, cursor=page["next_cursor"])
    assert page["items"][0]["member_id"] == "ann"
    assert await desk.case_ids(state="resolved") == []
    await desk.verdict("confirmed", case_id=page["items"][0]["case_id"])
    assert len(await desk.case_ids()) == len(await desk.case_ids(state="resolved")) == 1
    assert (await desk.client.get("/communities/tea/cases", params={"state": "odd"})).status_code == 422


async def test_a_case_shows_what_its_judge_needs(desk: CaseDesk) -> None:
    await advertise(desk, "ann")
    await desk.world.handle(posted(AD, at(hours=1), message="second"))
    (case_id,) = [
        row["case_id"]
        for row in await desk.pool.fetch("SELECT * FROM case_message WHERE message_id = 'second'")
    ]
    case = await desk.get(f"/cases/{case_id}")
    (message,) = case["messages"]
    assert (message["text"], message["removed"]) == (AD, True)
    finding = next(each for each in message["findings"] if each["rule"] == "contact_ad")
    assert AD[finding["places"][0]["start"] : finding["places"][0]["end"]] in AD
    assert finding["evidence"]
    assert [each["act"] for each in case["history"]] == ["opened"]
    assert [each["step"] for each in case["sanctions"]] == ["long_mute"]
    assert [each["points"] for each in case["strikes"]] == [2, 2]
    assert len(case["earlier_cases"]) == 1
    assert (await desk.client.get("/cases/none")).status_code == 404


async def test_two_operators_claim_at_once_and_one_gets_it(desk: CaseDesk) -> None:
    await advertise(desk, "ann")
    (case_id,) = await desk.case_ids()
    answers = await asyncio.gather(
        *(desk.post(f"/cases/{case_id}/claim", name, version=1) for name in ("op1", "op2"))
    )
    assert sorted(each.status_code for each in answers) == [200, 409]
    (refused,) = [each.json() for each in answers if each.status_code == 409]
    assert refused["type"] == "urn:hearth:problem:case-stale"
    assert refused["current_version"] == 2
    assert refused["claimed_by"] in ("op1", "op2")


async def test_who_has_not_claimed_it_gives_no_verdict_until_it_is_released(desk: CaseDesk) -> None:
    await advertise(desk, "ann")
    (case_id,) = await desk.case_ids()
    assert (await desk.post(f"/cases/{case_id}/claim", "op1", version=1)).json()["claimed_by"] == "op1"
    refused = await desk.verdict("confirmed", "op2")
    assert (refused.status_code, refused.json()["claimed_by"]) == (409, "op1")
    assert (await desk.post(f"/cases/{case_id}/release", "op2", version=2)).json()["state"] == "open"
    assert (await desk.post(f"/cases/{case_id}/release", "op2", version=3)).status_code == 409
    assert (await desk.verdict("confirmed", "op2")).json()["resolved_by"] == "op2"


async def test_notes_and_acts_are_the_history(desk: CaseDesk) -> None:
    await advertise(desk, "ann")
    (case_id,) = await desk.case_ids()
    await desk.post(f"/cases/{case_id}/notes", "op2", version=1, note="第二次了")
    await desk.verdict("confirmed", "op1")
    history = (await desk.get(f"/cases/{case_id}"))["history"]
    assert [(each["version"], each["actor"], each["act"], each["note"]) for each in history] == [
        (1, "hearth", "opened", ""), (2, "op2", "noted", "第二次了"), (3, "op1", "confirmed", ""),
    ]  # fmt: skip


async def test_a_verdict_on_a_case_that_somebody_closed_says_who_and_when(desk: CaseDesk) -> None:
    await advertise(desk, "ann")
    (case_id,) = await desk.case_ids()
    answers = await asyncio.gather(
        *(
            desk.post(f"/cases/{case_id}/verdict", name, version=1, verdict=verdict)
            for name, verdict in (("op1", "confirmed"), ("op2", "overturned"))
        )
    )
    assert sorted(each.status_code for each in answers) == [200, 409]
    first = next(each.json() for each in answers if each.status_code == 200)
    refused = next(each.json() for each in answers if each.status_code == 409)
    assert refused["type"] == "urn:hearth:problem:case-closed"
    assert refused["resolved_by"] == first["resolved_by"]
    assert refused["verdict"] == first["verdict"]
    assert refused["resolved_at"].startswith("2024-03-05T07:00")
    assert len(await desk.announced("case.resolved")) == 1


@pytest.mark.parametrize(
    "headers", [{}, {"x-operator": ""}, {"x-operator": "Hearth"}, {"x-operator": "x" * 256}]
)
async def test_every_act_names_a_person(desk: CaseDesk, headers: dict[str, str]) -> None:
    answer = await desk.client.post("/cases/any/claim", json={"version": 1}, headers=headers)
    assert answer.status_code == 422


@pytest.mark.parametrize("body", [{}, {"version": 0}, {"version": 2**40}, {"version": 1, "more": 1}])
async def test_a_bad_act_is_refused(desk: CaseDesk, body: dict[str, Any]) -> None:
    answer = await desk.client.post("/cases/any/claim", json=body, headers={"x-operator": "op1"})
    assert answer.status_code == 422
