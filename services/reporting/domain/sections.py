"""A report in the reader's words: titled sections with a table, a chart or lines, in whatever form."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from services.reporting.domain.intervals import share
from services.reporting.domain.metric import RATE_FROM
from services.reporting.domain.metric_registry import BY_NAME
from services.reporting.domain.periods import By
from services.reporting.domain.report import Effect, PersonRow, Report, WordRow
from services.reporting.domain.series import Series
from services.reporting.domain.wording import NOTHING, Say, change, shown, with_unit

Cell = str | int
SHOWN_PEOPLE = 10
SHOWN_WORDS = 10
KEY = (
    "messages",
    "active_members",
    "new_members",
    "retention_day_7",
    "first_response_minutes",
    "response_rate",
)
"""What is told first, large."""
DAILY = ("messages", "active_members", "new_members", "replies", "removals", "checkins", "points_issued")
"""Columns of the table of days."""


@dataclass(frozen=True, slots=True)
class Chart:
    """What a chart shows: bars, the heat of a week, or a cloud of words."""

    kind: Literal["bars", "heat", "cloud"]
    labels: Sequence[str] = ()
    values: Sequence[float] = ()
    words: Sequence[WordRow] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """A title and what stands under it; its texts are plain, escaped by whoever shows them."""

    title: str
    heads: Sequence[str] = ()
    rows: Sequence[Sequence[Cell]] = ()
    lines: Sequence[str] = ()
    chart: Chart | None = None
    note: str = ""


def title(report: Report, say: Say) -> str:
    """Whose report, and of which period."""
    return say(f"report.title.{report.by}", community=report.name, period=report.period.name)


def basis(report: Report, say: Say) -> str:
    """On what the numbers rest."""
    last = f"{report.last_event_at:%Y-%m-%d %H:%M} UTC" if report.last_event_at else NOTHING
    told = say(
        "report.basis", zone=report.time_zone, events=sum(report.reconciled.received.values()), last=last
    )
    return f"{told} {say('report.partial')}" if report.is_partial else told


def cards(report: Report, locale: str) -> list[tuple[str, str, str]]:
    """Of each key metric its title, its value and how it changed."""
    return [
        (
            BY_NAME[name].titles[locale],
            with_unit(report.total(name), BY_NAME[name], locale),
            change(*report.change(name), BY_NAME[name]),
        )
        for name in KEY
    ]


def advice_lines(report: Report, say: Say) -> list[str]:
    """What could be done, a sentence each."""
    return [say(f"advice.{each.key}", **each.values) for each in report.advice]


def sections(report: Report, say: Say, locale: str) -> list[Section]:
    """All that there is something to say about, in order."""
    found = [
        *_charts(report, locale),
        _heat(report, say),
        _channels(report, say),
        *_content(report, say),
        *_people(report, say),
        _cohorts(report, say),
        _effects(report, say),
        totals(report, say, locale),
        _days(report, say, locale),
        reconciliation(report, say),
    ]
    return [each for each in found if each.rows or each.lines or each.chart]


def totals(report: Report, say: Say, locale: str) -> Section:
    """Every metric beside the period before."""
    heads = [say(f"report.{key}") for key in ("metric", "this_period", "period_before", "change")]
    rows: list[list[Cell]] = [
        [
            each.metric.titles[locale],
            with_unit(each.total, each.metric, locale),
            with_unit(report.previous.get(each.metric.name), each.metric, locale),
            change(each.total, report.previous.get(each.metric.name), each.metric),
        ]
        for each in report.series
        if each.total or report.previous.get(each.metric.name)
    ]
    return Section(say("report.totals"), heads, rows, note=say("report.rates_note", from_=RATE_FROM))


def _charts(report: Report, locale: str) -> list[Section]:
    if len(report.parts) < 2:
        return []
    labels = [part.name[5:] for part in report.parts]
    return [
        Section(
            each.metric.titles[locale], chart=Chart("bars", labels, [value or 0 for value in each.values])
        )
        for name in ("messages", "active_members")
        for each in _named(report, name)
    ]


def _named(report: Report, name: str) -> list[Series]:
    return [each for each in report.series if each.metric.name == name]


def _heat(report: Report, say: Say) -> Section:
    if not report.heat or report.by is By.DAY:
        return Section("")
    return Section(
        say("report.heat"), chart=Chart("heat"), note=say("report.heat_note", zone=report.time_zone)
    )


def _channels(report: Report, say: Say) -> Section:
    heads = [say(f"report.{key}") for key in ("channel", "messages", "members", "reply_rate")]
    rows: list[list[Cell]] = [
        [each.name, each.messages, each.members, _rate(each.answers, each.messages)]
        for each in report.channels
    ]
    return Section(say("report.channels"), heads, rows)


def _rate(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f}%" if whole >= RATE_FROM else NOTHING


def _content(report: Report, say: Say) -> list[Section]:
    heads = [say(f"report.{key}") for key in ("word", "messages", "before")]
    found = []
    if report.words:
        found.append(Section(say("report.words"), chart=Chart("cloud", words=report.words)))
        found.append(_words(say("report.rising"), heads, report.words, say("report.words_note")))
    found.append(_words(say("report.falling"), heads, report.falling))
    found.append(_words(say("report.mentions"), heads, report.mentions))
    forms: list[list[Cell]] = [
        [say(f"form.{form}"), count, _rate(answered, count)] for form, count, answered in report.forms
    ]
    form_heads = [say(f"report.{key}") for key in ("form", "messages", "answered_share")]
    found.append(Section(say("report.forms"), form_heads, forms, note=say("report.forms_note")))
    if report.mood and sum(report.mood) >= RATE_FROM:
        up, down = report.mood
        line = say("report.mood_line", up=up, down=down, share=_rate(up, up + down))
        found.append(Section(say("report.mood"), lines=[line], note=say("report.mood_note")))
    return found


def _words(name: str, heads: Sequence[str], words: Sequence[WordRow], note: str = "") -> Section:
    rows: list[list[Cell]] = [[each.word, each.messages, each.before] for each in words[:SHOWN_WORDS]]
    return Section(name, heads, rows, note=note)


def _people(report: Report, say: Say) -> list[Section]:
    heads = [say(f"report.{key}") for key in ("member", "messages", "before", "people_answered")]

    def section(key: str, people: Sequence[PersonRow], note: str = "") -> Section:
        rows: list[list[Cell]] = [
            [each.name, each.messages, each.before, each.people_answered] for each in people[:SHOWN_PEOPLE]
        ]
        return Section(say(f"report.{key}"), heads, rows, note=note)

    return [
        section("top", report.top),
        section("rising_members", report.rising, say("report.rising_members_note")),
        section("at_risk", report.at_risk, say("report.at_risk_note")),
    ]


def _cohorts(report: Report, say: Say) -> Section:
    width = max((len(each.later) for each in report.cohorts), default=0)
    heads = [say("report.cohort"), say("report.members"), *(f"+{number}" for number in range(1, width))]
    rows: list[list[Cell]] = []
    for each in report.cohorts:
        kept: list[Cell] = [_kept(count, each.members) for count in each.later[1:]]
        rows.append([each.name, each.members, *kept, *[""] * (width - len(each.later))])
    return Section(say("report.cohorts"), heads, rows, note=say("report.cohorts_note", from_=RATE_FROM))


def _kept(count: int, members: int) -> str:
    """With the interval of the share; of a small cohort the count alone."""
    if members < RATE_FROM:
        return str(count)
    interval = share(count, members)
    return f"{100 * interval.value:.0f}% ({100 * interval.low:.0f}–{100 * interval.high:.0f})"


def _effects(report: Report, say: Say) -> Section:
    return Section(say("report.effects"), lines=[_effect(each, say) for each in report.effects])


def _effect(effect: Effect, say: Say) -> str:
    told = say(
        f"effect.{effect.key}",
        ours=shown(effect.ours[0]), of_ours=effect.ours[1],
        theirs=shown(effect.theirs[0]), of_theirs=effect.theirs[1],
        difference=f"{effect.difference.value:+.1f}",
        low=f"{effect.difference.low:+.1f}", high=f"{effect.difference.high:+.1f}",
    )  # fmt: skip
    kind = "experiment" if effect.is_experiment else "correlation"
    clear = "" if effect.difference.is_clear else " " + say("effect.unclear")
    return f"{told} {say(f'effect.{kind}')}{clear}"


def _days(report: Report, say: Say, locale: str) -> Section:
    if len(report.parts) < 2:
        return Section("")
    chosen = [each for name in DAILY for each in _named(report, name)]
    heads = [
        say("report.day"),
        *(each.metric.titles[locale] for each in chosen),
        say("report.revision"),
    ]
    rows: list[list[Cell]] = [
        [
            part.name,
            *(shown(each.values[number]) for each in chosen),
            report.revisions.get(part.span.first, 0),
        ]
        for number, part in enumerate(report.parts)
    ]
    note = say("report.revision_note", changes=sum(report.revisions.values()))
    return Section(say("report.days"), heads, rows, note=note)


def reconciliation(report: Report, say: Say) -> Section:
    """What was received, and whether all of the log is accounted for."""
    told = report.reconciled
    rows: list[list[Cell]] = [[kind, shown(count)] for kind, count in sorted(told.received.items())]
    rows.append([say("report.received"), shown(sum(told.received.values()))])
    lines = [
        say("report.of_them", bots=shown(told.bots), late=shown(told.late), refused=shown(told.refused)),
        say(
            "report.lane",
            read=shown(told.read), applied=shown(told.applied), duplicates=shown(told.duplicates),
            dead=shown(told.dead_lettered), skipped=shown(told.skipped),
            verdict=say("report.fits" if told.fits else "report.does_not_fit"),
        ),
    ]  # fmt: skip
    return Section(say("report.reconciliation"), [say("report.type"), say("report.events")], rows, lines)
