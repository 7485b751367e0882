"""Rules as Prometheus evaluates them: what is recorded for boards and alerts, and the alerts."""

from collections.abc import Iterator
from typing import Any

from deploy.monitoring.alert import Alert
from deploy.monitoring.alerts import ALERTS
from deploy.monitoring.panels import JOB

RUNBOOK = "docs/RUNBOOK.md"


def _quantile(share: float) -> str:
    rates = f"sum by (service, le) (rate(hearth_batch_seconds_bucket{{{JOB}}}[5m]))"
    # A service without a batch has no quantile; 0 keeps it in the picture.
    return (
        f"(histogram_quantile({share}, {rates}) >= 0) or sum by (service) (hearth_lanes_owned{{{JOB}}}) * 0"
    )


RECORDED = {
    "service:hearth_records:rate5m": f"sum by (service) (rate(hearth_records_total{{{JOB}}}[5m]))",
    "service:hearth_dead_letters:rate5m": f"sum by (service) (rate(hearth_dead_letters_total{{{JOB}}}[5m]))",
    "service:hearth_lag_events:sum": f"sum by (service) (hearth_lag_events{{{JOB}}})",
    "service:hearth_lag_seconds:max": f"max by (service) (hearth_lag_seconds{{{JOB}}})",
    "service:hearth_batch_seconds:p50_5m": _quantile(0.5),
    "service:hearth_batch_seconds:p99_5m": _quantile(0.99),
    "service:hearth_http_errors:ratio5m": (
        f'sum by (service) (rate(hearth_http_requests_total{{{JOB}, status="5xx"}}[5m]))'
        f" / clamp_min(sum by (service) (rate(hearth_http_requests_total{{{JOB}}}[5m])), 0.001)"
    ),
}


def groups() -> list[dict[str, Any]]:
    """As Prometheus reads them."""
    recorded = [{"record": name, "expr": expression} for name, expression in RECORDED.items()]
    return [
        {"name": "hearth.recorded", "rules": recorded},
        {"name": "hearth.alerts", "rules": [_rule(alert) for alert in ALERTS]},
    ]


def _rule(alert: Alert) -> dict[str, Any]:
    return {
        "alert": alert.name,
        "expr": alert.expression,
        "for": alert.lasts,
        "labels": {"severity": alert.severity},
        "annotations": {
            "summary": alert.english,
            "summary_zh": alert.chinese,
            "runbook": f"{RUNBOOK}#{alert.anchor}",
        },
    }


def prometheus_rule() -> Iterator[dict[str, Any]]:
    """As the Prometheus operator reads them."""
    yield {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": "hearth"},
        "spec": {"groups": groups()},
    }
