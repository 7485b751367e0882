"""The demo says what happened in both languages, and does not call a broken system a success."""

import io
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console

from connectors.imports.reading import Parsed
from tests.builders import posted
from tools.demo import _problems
from tools.demo_engagement import PLACES, EngagementFacts, Warmed
from tools.demo_facts import Example, Facts, Heard, Place
from tools.demo_moderation import Appealed, ModerationFacts
from tools.demo_table import show

PART = [("发言", 7)]
MODERATION = ModerationFacts(
    cases={"flood": 1, "campaign": 1, "join_wave": 1},
    largest_burst=12,
    campaign_members=3,
    steps={"warning": 2, "short_mute": 1},
    mutes=1,
    mutes_ended=1,
    waves=1,
    warnings=0,
    appeals=(Appealed("tea:ann", "不是广告", "overturned", 2),),
)
ENGAGEMENT = EngagementFacts(
    cold_spells=3, warmups=2, revived=1, held_out=1, seeded=2, said={"warmup": 2, "welcome": 3}, unsaid=1,
    announcements=3, going=PLACES, waiting=1, attended=4, queued=2, newcomers=9, welcomed=8, introduced=5,
    questions=20, first_answer_seconds=90.0, warmed=(Warmed("晚饭吃什么？", 7, 4),),
)  # fmt: skip
FACTS = Facts(
    totals={
        "messages": 100,
        "active_members": 9,
        "joins": 2,
        "leaves": 1,
        "checkins": 5,
        "points_issued": 200,
        "points_reversed": 4,
    },
    removals={"contact_ad": 2, "flood": 12},
    examples=(Example("contact_ad", "tea:x", "m1", "wechat_id + gift"),),
    streak_member="tea:ann",
    streak_days=4,
    top=tuple(Place(rank, f"tea:m{rank}", 7, {"zh-CN": PART, "en": [("messages", 7)]}) for rank in (1, 2, 3)),
    candidates=8,
    ledger_entries=300,
    ledger_consistent=True,
    records=1000,
    reconciles=True,
    dead_letters=0,
    moderation=MODERATION,
    engagement=ENGAGEMENT,
)


@pytest.fixture
def reports(tmp_path: Path) -> list[Path]:
    """A report of some length."""
    path = tmp_path / "2026-03.en.md"
    path.write_text("x" * 1000)
    return [path]


def test_a_working_month_has_no_problem(reports: list[Path]) -> None:
    assert _problems(FACTS, reports) == []


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        (replace(FACTS, reconciles=False), "unaccounted"),
        (replace(FACTS, dead_letters=1), "dead letters"),
        (replace(FACTS, removals={"flood": 1}), "both kinds of spam"),
        (replace(FACTS, streak_days=1), "streak"),
        (replace(FACTS, ledger_consistent=False), "ledger"),
        (replace(FACTS, top=FACTS.top[:2]), "2 winners"),
        (replace(FACTS, moderation=replace(MODERATION, largest_burst=3)), "flood"),
        (replace(FACTS, moderation=replace(MODERATION, campaign_members=0)), "campaign"),
        (replace(FACTS, moderation=replace(MODERATION, mutes_ended=0)), "timer"),
        (replace(FACTS, moderation=replace(MODERATION, waves=0)), "wave of joins"),
        (replace(FACTS, engagement=replace(ENGAGEMENT, warmups=0)), "warmed up"),
        (replace(FACTS, engagement=replace(ENGAGEMENT, seeded=1)), "no topic"),
        (replace(FACTS, engagement=replace(ENGAGEMENT, announcements=2)), "instead of three"),
        (replace(FACTS, engagement=replace(ENGAGEMENT, waiting=0)), "places"),
        (replace(FACTS, engagement=replace(ENGAGEMENT, welcomed=0)), "welcomed"),
        (replace(FACTS, totals={**FACTS.totals, "points_reversed": 0}), "taken back"),
    ],
)
def test_whatever_did_not_work_is_a_problem(broken: Facts, told: str, reports: list[Path]) -> None:
    (problem,) = _problems(broken, reports)
    assert told in problem


def test_an_empty_report_is_a_problem(reports: list[Path]) -> None:
    reports[0].write_text("")
    assert _problems(FACTS, reports) == ["a report is empty"]


def test_the_summary_is_in_both_languages_and_shows_names_and_texts_as_they_are() -> None:
    heard = Heard()
    at = datetime(2026, 3, 1, tzinfo=UTC)
    event = posted("[bold]加微信[/bold] abc", at, member="tea:x", message="m1", member_name="客服[1]")
    heard.keep(Parsed(event.data, at))
    console = Console(record=True, width=200, file=io.StringIO())
    show(console, FACTS, heard, "山茶茶馆", "2026-03")
    text = console.export_text()
    for told in (
        "消息 · Messages", "撤下的消息 · Removed messages", "对账相符 · Every record accounted for",
        "“不是广告” → 撤销处理，补回 2 积分 · undone, 2 points given back", "合为一案 · one case",
        "1 次半小时内有人接话 · 1 answered within half an hour",
        "“晚饭吃什么？” → 4 人回了 7 条 · 7 messages by 4 members",
    ):  # fmt: skip
        assert told in text
    assert "客服[1] “[bold]加微信[/bold] abc” ← wechat_id + gift" in text
    assert "1. tea:m1  7 = 7 发言 · messages" in text


def test_an_appeal_that_changes_nothing_is_a_problem(reports: list[Path]) -> None:
    no_points = replace(MODERATION, appeals=(Appealed("tea:ann", "", "overturned", 0),))
    for moderation, count in ((replace(MODERATION, appeals=()), 2), (no_points, 1)):
        assert len(_problems(replace(FACTS, moderation=moderation), reports)) == count
