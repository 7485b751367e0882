"""Declares metrics: a name, a sentence, labels from closed sets; the list of them becomes the docs."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Self

import prometheus_client
from prometheus_client.metrics import MetricWrapperBase

prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]

OTHER = "other"
"""Counts for values outside a label's set: a surprise must neither fail a batch nor add a series."""
SERIES_MAX = 2_000
LATENCY_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_NAME = re.compile(r"hearth(_[a-z0-9]+)+")
_PERSONAL = frozenset({"community", "community_id", "member", "member_id", "channel", "channel_id", "text"})

Labels = Mapping[str, Iterable[object]]


class BadMetric(Exception):
    """A declaration that would make a metric useless or dangerous; raised at import."""


@dataclass(frozen=True, slots=True)
class Declared:
    """One metric as the documentation shows it."""

    name: str
    kind: str
    help: str
    labels: tuple[tuple[str, tuple[str, ...]], ...]


DECLARED: list[Declared] = []
"""Every metric of the modules imported so far."""


class _Closed(MetricWrapperBase):
    """Label values outside the declared sets become `other`."""

    _allowed: tuple[frozenset[str], ...] = ()

    def labels(self, *values: object, **named: object) -> Self:
        ordered = values or tuple(named[name] for name in self._labelnames)
        if len(ordered) != len(self._allowed) or (named and len(named) != len(self._allowed)):
            raise ValueError(f"labels of {self._name} are {self._labelnames}")
        pairs = zip(map(str, ordered), self._allowed, strict=True)
        return super().labels(*(value if value in allowed else OTHER for value, allowed in pairs))


class Counter(_Closed, prometheus_client.Counter):
    """Only grows. Its declared series exist from the start, so that a rate sees the first event too."""


class Gauge(_Closed, prometheus_client.Gauge):
    """Goes up and down."""


class Histogram(_Closed, prometheus_client.Histogram):
    """A distribution, in buckets. Its declared series exist from the start, too."""


def counter(name: str, help: str, labels: Labels | None = None) -> Counter:
    """Declare a counter; its name ends in `_total`."""
    if not name.endswith("_total"):
        raise BadMetric(f"{name}: a counter's name ends in _total")
    sets = _declare(name, "counter", help, labels or {})
    made = Counter(name, help, [label for label, _ in sets])
    _close(made, sets)
    _begin(made, sets)
    return made


def gauge(name: str, help: str, labels: Labels | None = None) -> Gauge:
    """Declare a gauge; its name ends in its unit."""
    sets = _declare(name, "gauge", help, labels or {})
    made = Gauge(name, help, [label for label, _ in sets])
    _close(made, sets)
    return made


def histogram(
    name: str, help: str, labels: Labels | None = None, buckets: Sequence[float] = LATENCY_SECONDS
) -> Histogram:
    """Declare a histogram; its name ends in its unit, its buckets are upper bounds in that unit."""
    sets = _declare(name, "histogram", help, labels or {})
    made = Histogram(name, help, [label for label, _ in sets], buckets=buckets)
    _close(made, sets)
    _begin(made, sets)
    return made


def _begin(metric: _Closed, sets: tuple[tuple[str, tuple[str, ...]], ...]) -> None:
    """Every declared series is there from the start: a rate sees the first event, a query finds something."""
    for values in product(*(values for _, values in sets)):
        if values:
            metric.labels(*values)


def _close(metric: _Closed, sets: tuple[tuple[str, tuple[str, ...]], ...]) -> None:
    metric._allowed = tuple(frozenset(values) for _, values in sets)


def _declare(name: str, kind: str, help: str, labels: Labels) -> tuple[tuple[str, tuple[str, ...]], ...]:
    sets = tuple((label, tuple(str(value) for value in values)) for label, values in labels.items())
    if not _NAME.fullmatch(name):
        raise BadMetric(f"{name}: a name is hearth_<part>_<what>_<unit> in small letters")
    if not help.endswith("."):
        raise BadMetric(f"{name}: its help is a sentence")
    if personal := _PERSONAL & labels.keys():
        raise BadMetric(f"{name}: {sorted(personal)} has no end of values")
    series = 1
    for label, values in sets:
        if not values:
            raise BadMetric(f"{name}: label {label} has no values")
        series *= len(values)
    if series > SERIES_MAX:
        raise BadMetric(f"{name}: {series} series, at most {SERIES_MAX}")
    DECLARED.append(Declared(name, kind, help, sets))
    return sets
