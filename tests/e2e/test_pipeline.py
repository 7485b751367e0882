"""The whole pipeline, live: what people write in a chat, and what all four services make of it."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from deploy.local.roles import SERVICES
from shared.contracts.commands import DeleteMessage, SendMessage
from shared.contracts.contract import Contract
from shared.contracts.moderation import MessageRemoved
from shared.contracts.topics import CHAT_COMMANDS, CHAT_EVENTS, MODERATION_EVENTS
from tests.e2e.evening import FLOOD, a_minute_ago, flood, others
from tests.e2e.stack_fixtures import Pipeline, every_sum_fits, topic_in
from tools.log_position import Positions

TEA = "tea-live"
PAID, CHECKIN_PAID = 2, 5


@dataclass(frozen=True, slots=True)
class Evening:
    """What was said, and where everybody stands when all of it is handled."""

    begins: datetime
    drained: Positions
    commands: list[Contract] = field(repr=False)
    facts: list[Contract] = field(repr=False)
    """Moderation's."""

    @property
    def days(self) -> dict[str, str]:
        """A span that surely holds it, whatever the zone."""
        return {
            "from": f"{self.begins - timedelta(days=1):%Y-%m-%d}",
            "to": f"{self.begins + timedelta(days=1):%Y-%m-%d}",
        }


@pytest.fixture(scope="module")
async def evening(live: Pipeline) -> Evening:
    """ann chats, bo advertises, cai floods after having been paid for the first message, dora checks in."""
    begins = a_minute_ago()
    first, *burst = flood(TEA, begins)
    await live.publish([first])
    await live.until("rewards", f"/v1/communities/{TEA}/members/cai/balance", {"balance": PAID})
    await live.publish([*burst, *others(TEA, begins)])
    drained = await live.drain()
    commands = await live.announced(CHAT_COMMANDS, TEA)
    return Evening(begins, drained, commands, await live.announced(MODERATION_EVENTS, TEA))


def messages_to(evening: Evening, member: str) -> list[tuple[str, str | None, str]]:
    """Purpose, channel and text of what a member is told."""
    return [
        (each.purpose, each.reply_to, each.text)
        for each in evening.commands
        if isinstance(each, SendMessage) and each.member_id == member
    ]


async def test_an_ad_and_a_whole_flood_are_removed_and_their_authors_told_why_once(
    live: Pipeline, evening: Evening
) -> None:
    condemned = {"bo-0", *(f"cai-{number}" for number in range(FLOOD))}
    removals = [each for each in evening.facts if isinstance(each, MessageRemoved)]
    assert sorted(each.message_id for each in removals) == sorted(condemned)
    assert {(each.member_id, each.rule) for each in removals} == {("bo", "contact_ad"), ("cai", "flood")}
    deletions = [each for each in evening.commands if isinstance(each, DeleteMessage)]
    assert sorted(each.message_id for each in deletions) == sorted(condemned)
    assert {(each.member_id, each.reason) for each in deletions} == {
        ("bo", "禁止广告与站外引流"),
        ("cai", "禁止刷屏"),
    }
    for member, rule, count in (("bo", "禁止广告与站外引流", 1), ("cai", "禁止刷屏", FLOOD)):
        ((purpose, _, text),) = messages_to(evening, member)
        assert purpose == "moderation_reason"
        assert rule in text
        assert f"{count} 条" in text
    shown = (await live.get("moderation", f"/v1/communities/{TEA}/removals"))["items"]
    assert {each["message_id"] for each in shown} == condemned


async def test_a_check_in_is_answered_and_paid_once_a_day(live: Pipeline, evening: Evening) -> None:
    answers = messages_to(evening, "dora")
    assert [(purpose, about) for purpose, about, _ in answers] == [("checkin_answer", "dora-a"),
                                                                   ("checkin_answer", "dora-b")]  # fmt: skip
    assert "打卡成功" in answers[0][2]
    assert "今天已经打过卡" in answers[1][2]
    kept = await live.get("engagement", f"/v1/communities/{TEA}/members/dora/checkins")
    assert (kept["days"], kept["current_streak_days"]) == (1, 1)
    lines = await statement(live, "dora")
    assert [(line["kind"], line["rule"], line["points"]) for line in lines] == [
        ("award", "checkin", CHECKIN_PAID)
    ]


async def statement(live: Pipeline, member: str) -> list[dict[str, Any]]:
    """A member's transactions, newest first."""
    answer = await live.get("rewards", f"/v1/communities/{TEA}/members/{member}/statement")
    lines: list[dict[str, Any]] = answer["items"]
    return lines


async def test_points_of_a_removed_message_are_taken_back_and_others_kept(
    live: Pipeline, evening: Evening
) -> None:
    balances = {
        member: (await live.get("rewards", f"/v1/communities/{TEA}/members/{member}/balance"))["balance"]
        for member in ("ann", "bo", "cai", "dora", "robot")
    }
    assert balances == {"ann": PAID, "bo": 0, "cai": 0, "dora": CHECKIN_PAID, "robot": 0}
    award, reversal = sorted(await statement(live, "cai"), key=lambda line: str(line["kind"]))
    assert (award["kind"], reversal["kind"]) == ("award", "reversal")
    assert reversal["reverses"] == award["transaction_id"]
    assert (award["points"], reversal["points"]) == (PAID, -PAID)
    assert (await live.get("rewards", f"/v1/communities/{TEA}/ledger/check"))["consistent"] is True


async def test_reporting_shows_the_day(live: Pipeline, evening: Evening) -> None:
    wanted = ("messages", "active_members", "bot_messages", "removals", "checkins")
    numbers = await live.get(
        "reporting", f"/v1/communities/{TEA}/metrics", **evening.days, metric=list(wanted)
    )
    totals = {each["metric"]["name"]: each["total"] for each in numbers["series"]}
    assert totals == {
        "messages": 4 + FLOOD,
        "active_members": 4,
        "bot_messages": 1,
        "removals": 1 + FLOOD,
        "checkins": 1,
    }
    (day,) = [each["name"] for each, value in zip(numbers["periods"], numbers["series"][0]["values"],
                                                  strict=True) if value]  # fmt: skip
    shown = await live.get("reporting", f"/v1/communities/{TEA}/days/{day}")
    assert shown["commands"] == {"delete_message": 1 + FLOOD, "send_message": 4}
    assert shown["metrics"]["points_issued"] - shown["metrics"]["points_reversed"] == PAID + CHECKIN_PAID


async def test_every_record_of_every_service_has_one_end(live: Pipeline, evening: Evening) -> None:
    assert every_sum_fits(evening.drained)
    for service in SERVICES:
        chat = topic_in(evening.drained, service, CHAT_EVENTS)
        assert (
            chat.next - chat.first
            == chat.end
            == chat.applied + chat.duplicates + chat.dead_lettered + chat.skipped
        )
    told = await live.get("reporting", "/v1/reconciliation")
    assert told["fits"] is True
