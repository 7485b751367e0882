"""What an operator could do, each with the numbers that say so. Every rule may stay silent."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from services.reporting.domain.metric import RATE_FROM
from services.reporting.domain.periods import By
from services.reporting.domain.report import Advice, HeatCell, Report
from services.reporting.domain.wording import shown

ADVICE_MAX = 5
UNANSWERED_FROM = 3
LATE_HOUR = 22
CONCENTRATED_PERCENT = 60
LOAD_RISES = 2.0
QUIET_PART = 0.5
MESSAGES_MIN = 50
"""Of fewer messages the hours say nothing."""


def advise(report: Report) -> list[Advice]:
    """The first ADVICE_MAX of the rules that have something to say, the most urgent first."""
    found = [advice for rule in RULES for advice in rule(report)]
    return found[:ADVICE_MAX]


def _advice(report: Report, key: str, page: str, **values: str | int) -> Advice:
    span = report.period.span
    link = f"/v1/communities/{report.community_id}/{page}?from={span.first}&to={span.last}"
    return Advice(key, values, link)


def _unanswered(report: Report) -> Iterator[Advice]:
    threads, opened = report.total("threads_unanswered"), report.total("threads_opened")
    if threads is not None and opened and threads >= UNANSWERED_FROM:
        yield _advice(report, "unanswered", "metrics", threads=int(threads), opened=int(opened))


def _at_risk(report: Report) -> Iterator[Advice]:
    if report.at_risk:
        first = report.at_risk[0]
        yield _advice(
            report, "at_risk", "people",
            members=len(report.at_risk), name=first.name, before=first.before, messages=first.messages,
        )  # fmt: skip


def _moderation(report: Report) -> Iterator[Advice]:
    now, before = report.change("removals")
    if now is not None and now >= RATE_FROM and before is not None and now >= LOAD_RISES * max(before, 1):
        yield _advice(report, "removals", "metrics", removals=int(now), before=int(before))
    opened, resolved = report.total("cases_opened") or 0, report.total("cases_resolved") or 0
    if opened > resolved:
        yield _advice(report, "cases", "metrics", open=int(opened - resolved), opened=int(opened))


def _newcomers(report: Report) -> Iterator[Advice]:
    newcomers, rate = report.total("new_members"), report.total("activation_rate")
    if report.by is By.DAY and newcomers:
        yield _advice(report, "welcome", "people", members=int(newcomers))
    elif rate is not None and rate < 30:
        yield _advice(
            report, "activation", "metrics", rate=shown(rate), joins=int(report.total("joins") or 0)
        )


def _hours(report: Report) -> Iterator[Advice]:
    busy = Counter[int]()
    for cell in report.heat:
        busy[cell.hour] += cell.messages
    if busy.total() < MESSAGES_MIN:
        return
    hour, messages = max(busy.items(), key=lambda each: (each[1], -each[0]))
    share = 100 * messages / busy.total()
    yield _advice(report, "best_hour", "heatmap", hour=f"{hour:02}:00", messages=messages, share=shown(share))
    yield from _late(report, report.heat)


def _late(report: Report, heat: Sequence[HeatCell]) -> Iterator[Advice]:
    """Whether answers become rarer at night than in the evening before."""
    evening = [cell for cell in heat if 19 <= cell.hour < LATE_HOUR]
    late = [cell for cell in heat if cell.hour >= LATE_HOUR]
    said = [sum(cell.messages for cell in cells) for cells in (evening, late)]
    if min(said) < MESSAGES_MIN:
        return
    rates = [
        sum(cell.answers for cell in cells) / count
        for cells, count in zip((evening, late), said, strict=True)
    ]
    if rates[1] < QUIET_PART * rates[0]:
        yield _advice(report, "late", "heatmap", evening=shown(100 * rates[0]), late=shown(100 * rates[1]))


def _concentration(report: Report) -> Iterator[Advice]:
    share, factor = report.total("top_tenth_share"), report.total("absence_factor")
    active = report.total("active_members") or 0
    if share is not None and factor is not None and share >= CONCENTRATED_PERCENT and active >= RATE_FROM:
        yield _advice(report, "concentration", "people", share=shown(share), factor=int(factor))


def _activity(report: Report) -> Iterator[Advice]:
    now, before = report.change("active_members")
    if now is not None and before is not None and before >= RATE_FROM and now < 0.8 * before:
        yield _advice(report, "fewer_active", "metrics", members=int(now), before=int(before))


RULES: tuple[Callable[[Report], Iterator[Advice]], ...] = (
    _unanswered,
    _moderation,
    _at_risk,
    _newcomers,
    _activity,
    _hours,
    _concentration,
)
"""The index of all rules, the most urgent first."""
