"""Members of a span: who writes most, who rises, who may be leaving; cohorts; what goes with staying."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from services.reporting.domain.intervals import Interval, share_difference
from services.reporting.domain.metric import RATE_FROM
from services.reporting.domain.periods import By, Period, Span, natural, periods, previous
from services.reporting.domain.report import CohortRow, Effect, PersonRow
from services.reporting.handlers.computations import uplift_of
from services.reporting.handlers.privacy import Privacy
from services.reporting.store import people as people_store
from services.reporting.store import report_data as store
from shared.postgres.connection import Connection

RISING_FROM = 10
RISING_TIMES = 2
AT_RISK_FROM = 10
AT_RISK_PART = 4
"""Who wrote AT_RISK_FROM messages or more, and now a quarter of that or less."""
SHOWN = 20
COHORTS_SHOWN = 8
MARKS = {
    "checkin.recorded": "checkins",
    "introduction.completed": "introductions",
    "event.attended": "events",
}
"""Types of events whose members are compared with the others, and the key of the sentence about it."""


@dataclass(frozen=True, slots=True)
class People:
    """Lists of members; nobody who opted out or was forgotten is on one."""

    top: Sequence[PersonRow]
    rising: Sequence[PersonRow]
    at_risk: Sequence[PersonRow]
    helpers: Sequence[PersonRow]
    """By how many people each answered."""


async def read_people(connection: Connection, community_id: str, span: Span, before: Span) -> People:
    """The lists of a span, each against the span before."""
    privacy = await Privacy.load(connection, [community_id])
    aliases = privacy.forgotten.get(community_id, set())
    rows = [
        row
        for row in await store.people(connection, community_id, span, before)
        if row.member_id not in aliases and (community_id, row.member_id) not in privacy.opted_out
    ]
    by_messages = sorted(rows, key=lambda row: (-row.messages, row.member_id))
    rising = [
        row
        for row in by_messages
        if row.messages >= RISING_FROM and row.messages >= RISING_TIMES * row.before > 0
    ]
    at_risk = [
        row for row in rows if row.before >= AT_RISK_FROM and row.messages * AT_RISK_PART <= row.before
    ]
    helpers = sorted(rows, key=lambda row: (-row.people_answered, row.member_id))
    return People(
        [row for row in by_messages if row.messages][:SHOWN],
        rising[:SHOWN],
        sorted(at_risk, key=lambda row: (-row.before, row.member_id))[:SHOWN],
        [row for row in helpers if row.people_answered][:SHOWN],
    )


async def read_cohorts(
    connection: Connection, community_id: str, span: Span, by: By, today: date
) -> list[CohortRow]:
    """Of each period of the span: who first wrote in it, and how many wrote in those since that are over."""
    found = await people_store.cohorts(connection, community_id, _whole(span, by), by, today)
    rows = []
    for cohort in (period for period in periods(_whole(span, by), by) if period.span.first in found):
        later = found[cohort.span.first]
        since = [
            each.span.first
            for each in periods(Span(cohort.span.first, max(today, cohort.span.last)), by)
            if each.span.last < today or each.span.first == cohort.span.first
        ]
        counts = tuple(later.get(first, 0) for first in since)
        rows.append(CohortRow(cohort.name, counts[0], counts))
    return rows


def _whole(span: Span, by: By) -> Span:
    return Span(natural(span.first, by).first, natural(span.last, by).last)


def cohort_span(period: Period, by: By) -> Span:
    """From some periods before, so that there is something to have stayed for, to the period itself."""
    first = period
    for _ in range(COHORTS_SHOWN - 1):
        first = previous(first, by) or first
    return Span(first.span.first, period.span.last)


async def read_effects(connection: Connection, community_id: str, span: Span, before: Span) -> list[Effect]:
    """Warm-ups against those held out; staying of members with and without something, a correlation."""
    spells = [(held_out, count) for _, held_out, count in
              await people_store.warmups(connection, community_id, span)]  # fmt: skip
    effects = []
    if uplift := uplift_of(spells):
        effects.append(_experiment(spells, uplift))
    for marked_by, key in MARKS.items():
        kept = await store.kept_of(connection, community_id, before, span, marked_by)
        ours, theirs = kept.get(True), kept.get(False)
        if ours and theirs and min(ours.members, theirs.members) >= RATE_FROM:
            effects.append(_correlation(key, ours, theirs))
    return effects


def _experiment(spells: Sequence[tuple[bool, float]], uplift: Interval) -> Effect:
    def mean(held_out: bool) -> tuple[float, int]:
        counts = [count for held, count in spells if held is held_out]
        return sum(counts) / len(counts), len(counts)

    return Effect("warmups", mean(False), mean(True), uplift, is_experiment=True)


def _correlation(key: str, ours: store.Kept, theirs: store.Kept) -> Effect:
    found = share_difference((ours.again, ours.members), (theirs.again, theirs.members))
    points = Interval(100 * found.value, 100 * found.low, 100 * found.high)
    return Effect(
        key,
        (100 * ours.again / ours.members, ours.members),
        (100 * theirs.again / theirs.members, theirs.members),
        points,
        is_experiment=False,
    )
