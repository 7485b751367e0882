"""All communities side by side: key metrics of a period, those first whose change is unlike the others'."""

from datetime import date
from statistics import median
from typing import NamedTuple

from services.reporting.domain.metric_registry import BY_NAME
from services.reporting.domain.periods import By, Period, previous
from services.reporting.domain.series import Value
from services.reporting.handlers.read_numbers import read_numbers
from services.reporting.store import numbers as store
from shared.postgres.connection import Connection

COMPARED = ("messages", "active_members", "new_members", "removals", "reply_rate", "checkins")
COMMUNITIES_MAX = 200
UNUSUAL = 3.5
"""Of the modified z-score (Iglewicz and Hoaglin 1993)."""
TO_DEVIATION = 0.6745
FLOOR = 0.05
"""Changes that all lie within 5 % of one another are no outliers."""


class CommunityLine(NamedTuple):
    """One community beside the others."""

    community_id: str
    name: str
    metrics: dict[str, Value]
    before: dict[str, Value]
    outlier: float
    unusual: list[str]


async def read_portfolio(connection: Connection, period: Period, by: By) -> tuple[list[CommunityLine], int]:
    """Outliers first, then by id; and how many communities were left out."""
    known = await store.communities(connection, "", COMMUNITIES_MAX + 1)
    lines = []
    for each in known[:COMMUNITIES_MAX]:
        community_id = each.profile.community_id
        now = await _totals(connection, community_id, period, by)
        earlier = previous(period, by)
        past = await _totals(connection, community_id, earlier, by) if earlier else {}
        lines.append(CommunityLine(community_id, each.profile.name or community_id, now, past, 0.0, []))
    return ranked(lines), max(0, len(known) - COMMUNITIES_MAX)


async def _totals(connection: Connection, community_id: str, period: Period, by: By) -> dict[str, Value]:
    wanted = [BY_NAME[name] for name in COMPARED]
    numbers = await read_numbers(connection, community_id, period.span, by, date.max, wanted)
    return {series.metric.name: series.total for series in numbers.series}


def ranked(lines: list[CommunityLine]) -> list[CommunityLine]:
    """With each community's largest deviation, and the metrics that are unusual."""
    scores: dict[str, dict[str, float]] = {line.community_id: {} for line in lines}
    for name in COMPARED:
        changes = {line.community_id: _change(line, name) for line in lines}
        for community_id, score in deviations({k: v for k, v in changes.items() if v is not None}).items():
            scores[community_id][name] = score
    told = [
        line._replace(
            outlier=max((abs(score) for score in scores[line.community_id].values()), default=0.0),
            unusual=[name for name, score in scores[line.community_id].items() if abs(score) >= UNUSUAL],
        )
        for line in lines
    ]
    return sorted(told, key=lambda line: (-line.outlier, line.community_id))


def _change(line: CommunityLine, name: str) -> float | None:
    """Relative to the period before, of ten or more."""
    now, before = line.metrics.get(name), line.before.get(name)
    if now is None or before is None or before < 10:
        return None
    return (now - before) / before


def deviations(changes: dict[str, float]) -> dict[str, float]:
    """Modified z-scores: distance to the median in units of the median distance."""
    if len(changes) < 3:
        return {}
    middle = median(changes.values())
    spread = median(abs(change - middle) for change in changes.values())
    return {name: TO_DEVIATION * (change - middle) / max(spread, FLOOR) for name, change in changes.items()}
