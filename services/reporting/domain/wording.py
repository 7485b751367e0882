"""Numbers as people read them."""

from collections.abc import Callable

from services.reporting.domain.metric import RATE_FROM, Metric
from services.reporting.domain.metric_registry import UNITS
from services.reporting.domain.series import Value

NOTHING = "–"
Say = Callable[..., str]
"""A text of the catalogue in the reader's language: `say("report.title", month="2024-03")`."""


def shown(value: Value) -> str:
    """Whole numbers with separators, others with one place, small ones with two; a dash for nothing."""
    if value is None:
        return NOTHING
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:,.2f}" if abs(value) < 10 else f"{value:,.1f}"


def with_unit(value: Value, metric: Metric, locale: str) -> str:
    """A value and its unit; percent is a sign and no word."""
    if value is None:
        return NOTHING
    unit = UNITS[metric.unit][locale]
    return f"{shown(value)}%" if metric.unit == "percent" else f"{shown(value)} {unit}".rstrip()


def change(now: Value, before: Value, metric: Metric) -> str:
    """How far it moved: in points for percents, in percent where the number before is large enough."""
    if now is None or before is None:
        return NOTHING
    difference = now - before
    if metric.unit == "percent":
        return f"{difference:+.1f} pp"
    if before >= RATE_FROM:
        return f"{difference / before:+.1%}"
    return f"{'+' if difference >= 0 else '−'}{shown(abs(difference))}"
