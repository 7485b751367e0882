"""What a report says of members: lists, cohorts, and what goes with staying."""

from collections.abc import Sequence

from services.reporting.domain.intervals import share
from services.reporting.domain.metric import RATE_FROM
from services.reporting.domain.report import Effect, PersonRow, Report
from services.reporting.domain.section import Cell, Section
from services.reporting.domain.wording import Say, shown

SHOWN_PEOPLE = 10
SHOWN_LATER = 6
"""More columns of shares with intervals do not fit a page."""


def people(report: Report, say: Say) -> list[Section]:
    """Who writes most, who rises, who may be leaving, who holds others together."""
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
        _connectors(report, say),
    ]


def _connectors(report: Report, say: Say) -> Section:
    heads = [say(f"report.{key}") for key in ("member", "neighbours", "cut_off")]
    rows: list[list[Cell]] = [
        [each.name, each.neighbours, each.cut_off] for each in report.connectors[:SHOWN_PEOPLE]
    ]
    return Section(say("report.connectors"), heads, rows, note=say("report.connectors_note"))


def cohorts(report: Report, say: Say) -> Section:
    """Who first wrote when, and how many of them wrote in each period since."""
    width = min(max((len(each.later) for each in report.cohorts), default=0), 1 + SHOWN_LATER)
    heads = [say("report.cohort"), say("report.members"), *(f"+{number}" for number in range(1, width))]
    rows: list[list[Cell]] = []
    for each in report.cohorts:
        kept: list[Cell] = [_kept(count, each.members) for count in each.later[1:width]]
        rows.append([each.name, each.members, *kept, *[""] * (width - len(each.later))])
    return Section(say("report.cohorts"), heads, rows, note=say("report.cohorts_note", from_=RATE_FROM))


def _kept(count: int, members: int) -> str:
    """With the interval of the share; of a small cohort the count alone."""
    if members < RATE_FROM:
        return str(count)
    interval = share(count, members)
    return f"{100 * interval.value:.0f}% ({100 * interval.low:.0f}–{100 * interval.high:.0f})"


def effects(report: Report, say: Say) -> Section:
    """Comparisons of two groups, a sentence each."""
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
