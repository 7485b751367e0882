"""The metrics, read from the one file that declares them: `metrics.toml` beside this.

The API, the command line, the reports and docs/METRICS.md read them from here; nothing else knows what a
metric means.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from services.reporting.domain.metric import BadMetric, Metric, Relation, read_how

CHINESE, ENGLISH = "zh-CN", "en"
DECLARATIONS = Path(__file__).with_name("metrics.toml")


def _metric(name: str, told: Mapping[str, Any]) -> Metric:
    return Metric(
        name,
        told["unit"],
        read_how(told["how"]),
        told["how"],
        {CHINESE: told[CHINESE][0], ENGLISH: told[ENGLISH][0]},
        {CHINESE: told[CHINESE][1], ENGLISH: told[ENGLISH][1]},
    )


def _read() -> tuple[tuple[Metric, ...], dict[str, dict[str, str]]]:
    declared = tomllib.loads(DECLARATIONS.read_text(encoding="utf-8"))
    units = {name: {CHINESE: zh, ENGLISH: en} for name, (zh, en) in declared.pop("units").items()}
    metrics = tuple(_metric(name, told) for name, told in declared.items())
    for metric in metrics:
        parts = {metric.how.above, metric.how.below} if isinstance(metric.how, Relation) else set()
        if metric.unit not in units or not parts <= declared.keys():
            raise BadMetric(f"{metric.name} names a unit or a metric that there is not")
    return metrics, units


METRICS, UNITS = _read()
BY_NAME: Mapping[str, Metric] = {metric.name: metric for metric in METRICS}


def with_parts(metrics: tuple[Metric, ...] | list[Metric]) -> list[Metric]:
    """The metrics, and before each relation the two that it is made of."""
    found: dict[str, Metric] = {}
    for metric in metrics:
        if isinstance(metric.how, Relation):
            for part in with_parts([BY_NAME[metric.how.above], BY_NAME[metric.how.below]]):
                found.setdefault(part.name, part)
        found.setdefault(metric.name, metric)
    return list(found.values())
