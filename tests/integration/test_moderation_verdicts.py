"""Verdicts: an overturned case leaves no trace but its record, a confirmed one is as if a rule had acted."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.builders import at, posted
from tests.moderation_case_desk import AD, CaseDesk, opened
from tests.moderation_world import MakeDatabase

REVIEW = '{"rules": [{"id": "contact_ad", "mode": "review"}]}'


@pytest.fixture
async def desk(service_database: MakeDatabase) -> AsyncIterator[CaseDesk]:
    """A fresh database with both sides open."""
    async with opened(service_database) as desk:
        yield desk


async def rows(desk: CaseDesk, query: str) -> list[tuple[Any, ...]]:
    """What a query gives."""
    return [tuple(row) for row in await desk.pool.fetch(query)]


async def review_only(desk: CaseDesk) -> None:
    """Ads wait for a person."""
    await desk.pool.execute("INSERT INTO policy VALUES ('tea', 1, $1, '{}', now(), 'op', '')", REVIEW)


async def muted(desk: CaseDesk) -> str:
    """ann advertises twice and is mute; returns the second case."""
    await desk.world.handle(posted(AD, at(), message="ad1"))
    await desk.world.handle(posted(AD, at(hours=2.99), message="ad2"))
    case_id: str = await desk.pool.fetchval("SELECT case_id FROM case_message WHERE message_id = 'ad2'")
    return case_id


async def test_an_overturned_case_gives_everything_back(desk: CaseDesk) -> None:
    case_id = await muted(desk)
    assert (await desk.verdict("overturned", case_id=case_id)).status_code == 200
    (restored,) = await desk.announced("message.restored")
    assert (restored["message_id"], restored.get("decision", 2), restored["restored_by"]) == ("ad2", 2, "op1")
    (lifted,) = await desk.announced("sanction.lifted")
    assert lifted["lifted_by"] == "op1"
    assert len(await desk.announced("unmute_member")) == 1
    strikes = await rows(desk, "SELECT voided_at IS NOT NULL FROM strike ORDER BY at")
    assert strikes == [(False,), (True,)]
    (told,) = await desk.announced("send_message")
    assert (told["member_id"], told.get("channel_id")) == ("ann", None)
    assert "撤销" in told["text"]
    (resolved,) = await desk.announced("case.resolved")
    assert resolved["verdict"] == "overturned"
    recent = json.loads(await desk.pool.fetchval("SELECT recent FROM member_window"))
    assert [(each[1], each[5]) for each in recent] == [("ad2", 0)]
    assert await rows(desk, "SELECT message_id, label FROM training_sample") == [("ad2", "ham")]
    assert (await desk.get(f"/cases/{case_id}"))["messages"][0]["removed"] is False


async def test_overturned_points_no_longer_count(desk: CaseDesk) -> None:
    case_id = await muted(desk)
    await desk.verdict("overturned", case_id=case_id)
    await desk.world.handle(posted(AD, at(hours=6), message="ad3"))
    assert await rows(desk, "SELECT step FROM sanction ORDER BY applied_at DESC LIMIT 1") == [("long_mute",)]


async def test_a_later_mute_that_stood_on_overturned_points_is_lifted_too(desk: CaseDesk) -> None:
    await muted(desk)
    first = await desk.pool.fetchval("SELECT case_id FROM case_message WHERE message_id = 'ad1'")
    await desk.verdict("overturned", case_id=first)
    assert await rows(desk, "SELECT count(*) FROM sanction WHERE lifted_at IS NULL") == [(0,)]
    assert len(await desk.announced("unmute_member")) == 1
    assert await rows(desk, "SELECT count(*) FROM strike WHERE voided_at IS NULL") == [(1,)]


async def test_a_longer_mute_is_shortened_to_what_is_left(desk: CaseDesk) -> None:
    """contact_ad gives 3 points here: one ad is ten minutes, two are a proposal and a day.

    Compiled policies are kept by version, hence a number that no other test uses.
    """
    strict = '{"rules": [{"id": "contact_ad", "severity": 3}]}'
    await desk.pool.execute("INSERT INTO policy VALUES ('tea', 7, $1, '{}', now(), 'op', '')", strict)
    case_id = await muted(desk)
    first = await desk.pool.fetchval("SELECT case_id FROM case_message WHERE message_id = 'ad1'")
    await desk.verdict("overturned", case_id=first)
    until = await desk.pool.fetchval("SELECT until FROM sanction WHERE case_id = $1", case_id)
    assert until == at(hours=2.99, minutes=10)
    assert await rows(desk, "SELECT due_at FROM timers WHERE kind = 'sanction_end'") == [(until,)]
    assert await desk.announced("unmute_member") == []


async def test_a_rule_does_not_remove_again_what_a_person_restored(desk: CaseDesk) -> None:
    await desk.world.handle(posted(AD, at(), message="ad"))
    await desk.verdict("overturned")
    again = posted(AD, at(), message="ad")
    await desk.world.handle(again._replace(id=again.id[:-1] + "f"))
    assert len(desk.world.told("message.removed")) == 1
    assert await rows(desk, "SELECT count(*) FROM sanction WHERE lifted_at IS NULL") == [(0,)]


async def test_a_decision_that_is_confirmed_stays_as_it_is(desk: CaseDesk) -> None:
    await muted(desk)
    for case_id in await desk.case_ids():
        assert (await desk.verdict("confirmed", case_id=case_id)).status_code == 200
    assert {each["type"] for each in await desk.announced()} == {"case.resolved"}
    assert await rows(desk, "SELECT DISTINCT label FROM training_sample") == [("spam",)]


async def test_a_confirmed_review_acts_as_the_rule_would_have(desk: CaseDesk) -> None:
    await review_only(desk)
    await desk.world.handle(posted(AD, at(), message="ad1"), posted(AD, at(5), message="ad2"))
    assert desk.world.told("message.removed", "sanction.applied", "send_message") == []
    assert (await desk.verdict("confirmed")).status_code == 200
    removed = await desk.announced("message.removed")
    assert [each["message_id"] for each in removed] == ["ad1", "ad2"]
    assert len(await desk.announced("delete_message")) == 2
    (sanction,) = await desk.announced("sanction.applied")
    assert sanction["kind"] == "warning"
    (told,) = await desk.announced("send_message")
    assert "2 条" in told["text"]
    assert await rows(desk, "SELECT points, rule FROM strike") == [(2, "contact_ad")]


async def test_what_waited_in_the_case_of_a_decision_goes_with_its_confirmation(desk: CaseDesk) -> None:
    await review_only(desk)
    flood = [posted(chr(0x4E00 + 97 * n) * 9, at(n / 2), message=f"f{n}") for n in range(9)]
    await desk.world.handle(*flood, posted(AD, at(20), message="ad"))
    assert len(await desk.world.removed()) == 9
    assert (await desk.verdict("confirmed")).status_code == 200
    (removed,) = await desk.announced("message.removed")
    assert (removed["message_id"], removed["rule"]) == ("ad", "contact_ad")


async def test_what_was_only_too_often_is_no_sample_of_spam(desk: CaseDesk) -> None:
    await desk.world.handle(*(posted("哈哈哈哈", at(n), message=f"f{n}") for n in range(5)))
    await desk.verdict("confirmed")
    assert await rows(desk, "SELECT * FROM training_sample") == []


async def test_a_review_that_is_overturned_tells_nobody(desk: CaseDesk) -> None:
    await review_only(desk)
    await desk.world.handle(posted(AD, at(), message="ad"))
    await desk.verdict("overturned")
    assert {each["type"] for each in await desk.announced()} == {"case.resolved"}


async def test_a_later_verdict_changes_an_earlier_one(desk: CaseDesk) -> None:
    await review_only(desk)
    await desk.world.handle(posted(AD, at(), message="ad"))
    for verdict in ("confirmed", "overturned", "confirmed", "confirmed"):
        assert (await desk.verdict(verdict)).status_code == 200
    decisions = [
        (each["type"], each.get("decision"))
        for each in await desk.announced("message.removed", "message.restored")
    ]
    assert decisions == [("message.removed", None), ("message.restored", None), ("message.removed", 3)]
    assert [each.get("version", 1) for each in await desk.announced("case.resolved")] == [1, 2, 3]
    assert await rows(desk, "SELECT points, voided_at FROM strike") == [(2, None)]
    assert await rows(desk, "SELECT label FROM training_sample") == [("spam",)]


async def test_what_another_case_confirms_is_not_restored(desk: CaseDesk) -> None:
    await desk.world.handle(posted(AD, at(), message="ad"))
    (mine,) = await desk.case_ids()
    await desk.pool.execute(
        "INSERT INTO moderation_case SELECT 'other', community_id, kind, member_id, rule, rule_version,"
        " score, 'resolved', 1, opened_at, NULL, 'confirmed', 'op', opened_at, '' FROM moderation_case"
    )
    await desk.pool.execute(
        "INSERT INTO case_message SELECT 'other', message_id, member_id, channel_id, posted_at, text"
        " FROM case_message"
    )
    await desk.verdict("overturned", case_id=mine)
    assert await desk.announced("message.restored") == []


async def judge_ads(desk: CaseDesk, verdicts: str, start: int = 0) -> None:
    """Ads of as many members; `c` confirms, `o` overturns."""
    names = [f"m{number}" for number in range(start, start + len(verdicts))]
    moments = (at(minutes=start + number) for number in range(len(names)))
    ads = [posted(AD, moment, member=name, message=name) for name, moment in zip(names, moments, strict=True)]
    await desk.world.handle(*ads)
    for name, letter in zip(names, verdicts, strict=True):
        case_id = await desk.pool.fetchval("SELECT case_id FROM moderation_case WHERE member_id = $1", name)
        word = "confirmed" if letter == "c" else "overturned"
        assert (await desk.verdict(word, case_id=case_id)).status_code == 200


async def test_a_rule_that_is_overturned_too_often_falls_back_to_review_once(desk: CaseDesk) -> None:
    await desk.pool.execute(
        "UPDATE community SET profile = $1, revision = 1",
        json.dumps({"community_id": "tea", "revision": 1, "operators_channel_id": "staff"}),
    )
    await judge_ads(desk, "ooccccccc")
    assert await rows(desk, "SELECT * FROM policy") == []
    await judge_ads(desk, "o", start=9)
    ((version, document, by),) = await rows(desk, "SELECT version, document, changed_by FROM policy")
    assert (version, json.loads(document), by) == (
        1, {"rules": [{"id": "contact_ad", "mode": "review"}]}, "hearth",
    )  # fmt: skip
    alerts = [each for each in await desk.announced("send_message") if each.get("channel_id") == "staff"]
    assert ["3" in each["text"] and "10" in each["text"] for each in alerts] == [True]
    await judge_ads(desk, "oo", start=10)
    assert await rows(desk, "SELECT count(*) FROM policy") == [(1,)]


async def test_a_fifth_overturned_is_not_too_many(desk: CaseDesk) -> None:
    await judge_ads(desk, "oocccccccc")
    assert await rows(desk, "SELECT * FROM policy") == []


async def test_rules_have_their_statistics(desk: CaseDesk) -> None:
    await judge_ads(desk, "ccco")
    await desk.world.handle(posted(AD, at(hours=1), member="late", message="late"))
    rules = await desk.get("/communities/tea/rules/statistics")
    rule = next(each for each in rules if each["rule"] == "contact_ad")
    assert rule == {
        "rule": "contact_ad", "rule_version": 1, "hits": 5, "confirmed": 3, "overturned": 1,
        "precision": 0.75,
    }  # fmt: skip
