"""A report for programs: every number with its name, nothing rounded."""

from collections.abc import Sequence
from typing import Any

from services.reporting.domain.report import ChannelRow, Effect, HeatCell, PersonRow, Report, WordRow


def document(report: Report) -> dict[str, Any]:
    """JSON's own types only; dates as text."""
    return {
        "community_id": report.community_id,
        "name": report.name,
        "time_zone": report.time_zone,
        "by": str(report.by),
        "period": report.period.name,
        "first": report.period.span.first.isoformat(),
        "last": report.period.span.last.isoformat(),
        "partial": report.is_partial,
        "revision": sum(report.revisions.values()),
        **_numbers(report),
        "channels": _rows(report.channels),
        "heat": _rows(report.heat),
        "people": {
            "top": _rows(report.top),
            "rising": _rows(report.rising),
            "at_risk": _rows(report.at_risk),
        },
        "cohorts": [{**each._asdict(), "later": list(each.later)} for each in report.cohorts],
        "content": _content(report),
        "effects": [_effect(each) for each in report.effects],
        "advice": [
            {"advice": each.key, "values": dict(each.values), "link": each.link} for each in report.advice
        ],
        "reconciliation": {
            **report.reconciled._asdict(),
            "received": dict(report.reconciled.received),
            "fits": report.reconciled.fits,
        },
    }


def _numbers(report: Report) -> dict[str, Any]:
    """Every metric of the period, and of each of its days."""
    metrics = {
        each.metric.name: {
            "unit": each.metric.unit,
            "value": each.total,
            "before": report.previous.get(each.metric.name),
        }
        for each in report.series
    }
    days = [
        {
            "date": part.span.first.isoformat(),
            "revision": report.revisions.get(part.span.first, 0),
            **{each.metric.name: each.values[place] for each in report.series},
        }
        for place, part in enumerate(report.parts)
    ]
    return {"metrics": metrics, "days": days}


def _content(report: Report) -> dict[str, Any]:
    return {
        "words": _rows(report.words),
        "falling": _rows(report.falling),
        "mentions": _rows(report.mentions),
        "forms": [
            {"form": form, "messages": count, "answered": answered} for form, count, answered in report.forms
        ],
        "mood": list(report.mood) if report.mood else None,
    }


def _rows(rows: Sequence[ChannelRow | HeatCell | PersonRow | WordRow]) -> list[dict[str, Any]]:
    return [each._asdict() for each in rows]


def _effect(effect: Effect) -> dict[str, Any]:
    return {
        "effect": effect.key,
        "with": {"value": effect.ours[0], "number": effect.ours[1]},
        "without": {"value": effect.theirs[0], "number": effect.theirs[1]},
        "difference": effect.difference._asdict(),
        "experiment": effect.is_experiment,
    }
