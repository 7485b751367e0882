"""What metrics beyond sums are made of: one function for each name that the registry's formulas call."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date, timedelta
from statistics import median
from typing import TypeVar

from services.reporting.domain.concentration import absence_factor, gini, top_tenth_share
from services.reporting.domain.intervals import Interval, mean_difference
from services.reporting.domain.metric import RATE_FROM
from services.reporting.domain.periods import By, Span, natural, tiles
from services.reporting.domain.series import Value, percentage
from services.reporting.handlers.question import Question, running
from services.reporting.store import people
from services.reporting.store.threads import RESPONSES, responses
from shared.postgres.connection import Connection

Found = TypeVar("Found")
Values = list[Value]
OfPeriods = Callable[[Connection, str, By, Sequence[date]], Awaitable[dict[date, Found]]]
OfSeveral = Callable[[Connection, str, By, Sequence[date]], Awaitable[Found]]
SECONDS_A_MINUTE = 60
ACTIVATED_WITHIN = people.ACTIVATED_WITHIN


async def _by_tiles(
    asked: Question, of_periods: OfPeriods[Found], of_several: OfSeveral[Found]
) -> list[Found | None]:
    """For each span what its own roll-up has, or what several roll-ups that fill it have together."""
    tiled = [tiles(span) for span in asked.spans]
    known: dict[By, dict[date, Found]] = {}
    for by in By:
        firsts = sorted({firsts[0] for each, firsts in tiled if each is by and len(firsts) == 1})
        if firsts:
            known[by] = await of_periods(asked.connection, asked.community_id, by, firsts)
    return [
        known[by].get(firsts[0])
        if len(firsts) == 1
        else await of_several(asked.connection, asked.community_id, by, firsts)
        for by, firsts in tiled
    ]


async def _active(asked: Question, _: Sequence[str]) -> Values:
    return [count or 0 for count in await _by_tiles(asked, people.active, people.active_in)]


async def _stickiness(asked: Question, _: Sequence[str]) -> Values:
    active = await _active(asked, ())
    daily = asked.placed(
        (await people.daily_active(asked.connection, asked.community_id, asked.span)).items()
    )
    values: Values = []
    for span, counts, distinct in zip(asked.spans, daily, active, strict=True):
        days = Span(span.first, min(span.last, max(asked.today, span.first))).days
        values.append(percentage(sum(counts) / days, distinct) if distinct else None)
    return values


def _of_messages(told: Callable[[Sequence[int]], Value], in_percent: bool = False) -> "Computation":
    async def compute(asked: Question, _: Sequence[str]) -> Values:
        found = await _by_tiles(asked, people.messages, people.messages_in)
        values = [told(counts or []) for counts in found]
        return [100 * value if in_percent and value is not None else value for value in values]

    return compute


async def _population(asked: Question, _: Sequence[str]) -> Values:
    changes = await people.population(asked.connection, asked.community_id, asked.span.last)
    return running(changes, asked.spans)


async def _first_seen(asked: Question, _: Sequence[str]) -> Values:
    return asked.summed(await people.first_seen(asked.connection, asked.community_id, asked.span))


async def _first_message(asked: Question, _: Sequence[str]) -> Values:
    return asked.summed(await people.first_messages(asked.connection, asked.community_id, asked.span))


async def _referred(asked: Question, _: Sequence[str]) -> Values:
    joins = await people.first_joins(asked.connection, asked.community_id, asked.span)
    return asked.summed({day: invited for day, (_, invited, _) in joins.items()})


async def _activation(asked: Question, _: Sequence[str]) -> Values:
    joins = await people.first_joins(asked.connection, asked.community_id, asked.span)
    ripe = [(day, each) for day, each in joins.items() if day + ACTIVATED_WITHIN < asked.today]
    return [
        percentage(sum(each[2] for each in joined), sum(each[0] for each in joined))
        for joined in asked.placed(ripe)
    ]


async def _retention(asked: Question, arguments: Sequence[str]) -> Values:
    by, later = By(arguments[0]), int(arguments[1])
    found = await people.retained(asked.connection, asked.community_id, asked.span, by, later)
    ripe = [(day, each) for day, each in found.items() if target(day, by, later).last < asked.today]
    return [
        percentage(sum(each[1] for each in cohort), sum(each[0] for each in cohort))
        for cohort in asked.placed(ripe)
    ]


def target(day: date, by: By, later: int) -> Span:
    """The whole period that lies so many periods after the day's own."""
    if by is By.MONTH:
        months = day.year * 12 + day.month - 1 + later
        return natural(date(months // 12, months % 12 + 1, 1), by)
    return natural(day + timedelta(days=later * (7 if by is By.WEEK else 1)), by)


def _of_threads(told: Callable[[Sequence[float | None]], Value]) -> "Computation":
    async def compute(asked: Question, _: Sequence[str]) -> Values:
        found = await responses(asked.connection, asked.community_id, asked.span)
        return [told(waits) for waits in asked.placed(found)]

    return compute


def _answered(waits: Sequence[float | None]) -> list[float]:
    return [wait for wait in waits if wait is not None]


def _median_minutes(waits: Sequence[float | None]) -> float | None:
    answered = _answered(waits)
    return median(answered) / SECONDS_A_MINUTE if answered else None


async def _first_answer(asked: Question, _: Sequence[str]) -> Values:
    found = await people.first_answers(asked.connection, asked.community_id, asked.span)
    return [_median_minutes(waits) for waits in asked.placed(found)]


async def _uplift(asked: Question, _: Sequence[str]) -> Values:
    found = await people.warmups(asked.connection, asked.community_id, asked.span)
    spells = asked.placed([(day, (held_out, messages)) for day, held_out, messages in found])
    return [interval.value if (interval := uplift_of(each)) else None for each in spells]


def uplift_of(spells: Sequence[tuple[bool, float]]) -> Interval | None:
    """Messages after warm-ups less those after cold spells held out by lot; None of too few of either."""
    warmed = [messages for held_out, messages in spells if not held_out]
    left = [messages for held_out, messages in spells if held_out]
    return mean_difference(warmed, left) if min(len(warmed), len(left)) >= RATE_FROM else None


Computation = Callable[[Question, Sequence[str]], Awaitable[Values]]
COMPUTATIONS: Mapping[str, Computation] = {
    "active": _active,
    "stickiness": _stickiness,
    "population": _population,
    "first_seen": _first_seen,
    "first_message": _first_message,
    "referred": _referred,
    "activation": _activation,
    "retention": _retention,
    "gini": _of_messages(gini),
    "top_tenth": _of_messages(top_tenth_share, in_percent=True),
    "absence_factor": _of_messages(absence_factor),
    "threads_opened": _of_threads(len),
    "threads_unanswered": _of_threads(lambda waits: len(waits) - len(_answered(waits))),
    "response_rate": _of_threads(lambda waits: percentage(len(_answered(waits)), len(waits))),
    "first_response": _of_threads(_median_minutes),
    "first_answer": _first_answer,
    "uplift": _uplift,
}
_MESSAGES = (people.MESSAGES, people.MESSAGES_IN)
QUERIES: Mapping[str, tuple[str, ...]] = {
    "active": (people.ACTIVE, people.ACTIVE_IN),
    "stickiness": (people.DAILY_ACTIVE, people.ACTIVE, people.ACTIVE_IN),
    "population": (people.POPULATION,),
    "first_seen": (people.FIRST_SEEN,),
    "first_message": (people.FIRST_MESSAGES,),
    "referred": (people.FIRST_JOINS,),
    "activation": (people.FIRST_JOINS,),
    "retention": (people.RETAINED,),
    "gini": _MESSAGES,
    "top_tenth": _MESSAGES,
    "absence_factor": _MESSAGES,
    "threads_opened": (RESPONSES,),
    "threads_unanswered": (RESPONSES,),
    "response_rate": (RESPONSES,),
    "first_response": (RESPONSES,),
    "first_answer": (people.FIRST_ANSWERS,),
    "uplift": (people.WARMUPS,),
}
"""For each the statements that it reads, for docs/METRICS.md."""
