"""The demo's summary, in Chinese and English side by side."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from shared.i18n import Catalogue
from tools.demo_engagement import EngagementFacts
from tools.demo_facts import Example, Facts, Heard
from tools.demo_moderation import ModerationFacts

TEXTS = Catalogue.load(Path(__file__).parent / "demo_locale")
COUNTED = ("messages", "active_members", "joins", "leaves")
EXCERPT_CHARACTERS = 40
Row = tuple[str, str, str]
"""Label, number, note."""


def both(key: str, **values: object) -> str:
    """A text in both languages."""
    return f"{TEXTS.say('zh-CN', key, **values)} · {TEXTS.say('en', key, **values)}"


def show(console: Console, facts: Facts, heard: Heard, name: str, month: str) -> None:
    """Everything that the services said."""
    console.print()
    _line(console, both("title", name=name, month=month), "bold")
    table = Table(show_header=False, box=None, pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column()
    for row in (
        *_rows(facts, heard),
        *_moderation_rows(facts.moderation),
        *_engagement_rows(facts.engagement),
    ):
        table.add_row(*(Text(cell) for cell in row))
    console.print(table)
    console.print()
    _line(console, both("examples"), "bold")
    for example in facts.examples:
        _line(console, f"  {_told(example, heard)}")
    for each in facts.moderation.appeals:
        outcome = both(f"outcome.{each.outcome}", points=each.points_back)
        _line(console, f"  {both('appeal')}: {_name(heard, each.member_id)} “{each.said}” → {outcome}")
    for warmed in facts.engagement.warmed:
        answered = both("answered", messages=warmed.messages, members=warmed.members)
        _line(console, f"  {both('warmup')}: “{warmed.text}” → {answered}")
    console.print()
    _line(console, f"{both('top')} ({both('candidates', candidates=facts.candidates)})", "bold")
    for line in _top_three(facts, heard):
        _line(console, f"  {line}")


def show_places(console: Console, reports: Sequence[Path]) -> None:
    """Where the report lies."""
    console.print()
    _line(console, both("reports"), "bold")
    for path in reports:
        _line(console, f"  {path}")


def _line(console: Console, text: str, style: str = "") -> None:
    """A line as it is: texts of members may look like markup, and a path must not be cut."""
    console.print(Text(text, style), soft_wrap=True)


def _rows(facts: Facts, heard: Heard) -> Iterator[Row]:
    for key in COUNTED:
        yield both(key), f"{facts.totals[key]:,}", ""
    yield both("removals"), f"{sum(facts.removals.values()):,}", ""
    for rule, count in sorted(facts.removals.items()):
        yield f"  {_rule(rule)}", f"{count:,}", ""
    yield both("checkins"), f"{facts.totals['checkins']:,}", ""
    yield both("streak"), f"{facts.streak_days}", _name(heard, facts.streak_member or "")
    for key in ("points_issued", "points_reversed"):
        yield both(key), f"{facts.totals[key]:,}", ""
    yield both("ledger"), _mark(facts.ledger_consistent), f"{facts.ledger_entries:,} {both('entries')}"
    yield both("reconciliation"), _mark(facts.reconciles), f"{facts.records:,} {both('records')}"


def _moderation_rows(told: ModerationFacts) -> Iterator[Row]:
    yield both("cases"), f"{sum(told.cases.values()):,}", ""
    yield f"  {both('burst')}", f"{told.largest_burst}", both("one_case")
    yield f"  {both('campaign')}", f"{told.campaign_members}", both("one_case")
    yield f"  {both('waves')}", f"{told.waves}", both("alert")
    yield both("mutes"), f"{told.mutes}", both("ended", count=told.mutes_ended)
    yield both("warnings"), f"{told.warnings}", ""


def _engagement_rows(told: EngagementFacts) -> Iterator[Row]:
    yield both("spells"), f"{told.cold_spells}", both("held_out", count=told.held_out)
    yield f"  {both('warmups')}", f"{told.warmups}", both("revived", count=told.revived)
    yield f"  {both('seeded')}", f"{told.seeded}", ""
    yield both("announced"), f"{told.announcements}", both("guests", going=told.going, waiting=told.waiting)
    yield f"  {both('attended')}", f"{told.attended}", both("queued", count=told.queued)
    yield both("newcomers"), f"{told.newcomers}", both("welcomed", count=told.welcomed)
    yield f"  {both('introduced')}", f"{told.introduced}", ""
    minutes = (told.first_answer_seconds or 0) / 60
    yield both("questions"), f"{told.questions:,}", both("first_answer", minutes=f"{minutes:.0f}")
    yield both("said"), f"{sum(told.said.values())}", both("unsaid", count=told.unsaid)


def _mark(holds: bool) -> str:
    return "✓" if holds else "✗"


def _told(example: Example, heard: Heard) -> str:
    text = heard.texts.get(example.message_id, "")
    if len(text) > EXCERPT_CHARACTERS:
        text = text[:EXCERPT_CHARACTERS] + "…"
    return f"{_rule(example.rule)}: {_name(heard, example.member_id)} “{text}” ← {example.evidence}"


def _top_three(facts: Facts, heard: Heard) -> Iterator[str]:
    for place in facts.top:
        pairs = zip(place.parts["zh-CN"], place.parts["en"], strict=True)
        parts = ", ".join(f"{score} {chinese} · {english}" for (chinese, score), (english, _) in pairs)
        yield f"{place.rank}. {_name(heard, place.member_id)}  {place.score:,} = {parts}"


def _rule(rule: str) -> str:
    key = f"rule.{rule}"
    return both(key) if key in TEXTS.texts["en"] else rule


def _name(heard: Heard, member_id: str) -> str:
    return heard.names.get(member_id, member_id)
