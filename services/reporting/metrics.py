"""What reporting measures of itself, for Prometheus; communities have theirs in domain/metric_registry."""

from collections import Counter

from services.reporting.domain.roll_up import RollUp
from shared.contracts.registry import CONTRACTS
from shared.observability import metrics

FACTS = metrics.counter(
    "hearth_reporting_facts_total",
    "Facts written, by the event's type; a batch that is tried again counts again.",
    {"type": sorted({contract.TYPE for contract in CONTRACTS})},
)
LATE_FACTS = metrics.counter(
    "hearth_reporting_late_facts_total",
    "Facts that changed a day after it had ended by the community's clock.",
)
KNOWN_FACTS = metrics.counter(
    "hearth_reporting_known_facts_total",
    "Events left out because their fact was there: they came again after the inbox had forgotten them.",
)
REPORT_SECONDS = metrics.histogram(
    "hearth_reporting_report_seconds",
    "Time to make a report that somebody asks for.",
    {"format": ("md", "html", "json", "csv")},
)
REPORTS = metrics.counter(
    "hearth_reporting_reports_total",
    "Reports by schedule or by hand: sent, empty as nothing happened, or failed.",
    {"by": ("day", "week", "month"), "state": ("sent", "empty", "failed")},
)
DELIVERIES = metrics.counter(
    "hearth_reporting_deliveries_total",
    "Attempts to bring a report to a webhook.",
    {"outcome": ("done", "again", "given_up")},
)
FORGOTTEN = metrics.counter("hearth_reporting_forgotten_total", "Members who were forgotten.")


def count_roll_up(added: RollUp) -> None:
    """Count a batch at once: per event it would cost more than the event."""
    types: Counter[str] = Counter()
    for count in added.counts:
        types[count.type] += count.events
    for name, events in types.items():
        FACTS.labels(name).inc(events)
    LATE_FACTS.inc(sum(change.late_events for change in added.days))
