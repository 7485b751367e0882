"""Panels and boards before Grafana's format: what is asked, in which unit, what is bad."""

from dataclasses import dataclass, field

RATE = "$__rate_interval"
JOB = 'job="hearth"'
CONNECTORS_JOB = 'job="hearth-connectors"'
"""Connectors export the names of services, too, without a meaning: a job of their own keeps them out."""


@dataclass(frozen=True, slots=True)
class Query:
    """A PromQL expression and how its series are named."""

    expression: str
    legend: str


@dataclass(frozen=True, slots=True)
class Limits:
    """From where on a value is worth a look, and from where on it is bad; downwards where `falling`."""

    look: float
    bad: float
    falling: bool = False


@dataclass(frozen=True, slots=True)
class Panel:
    """One picture with one question."""

    title: str
    chinese: str
    description: str
    queries: tuple[Query, ...]
    unit: str
    """Grafana's name of it: `s`, `ops`, `percentunit`, `short`, `bytes`."""
    limits: Limits | None = None
    kind: str = "timeseries"
    """`timeseries` or `stat`."""
    width: int = 8
    """Of 24."""


@dataclass(frozen=True, slots=True)
class Row:
    """Panels that belong together."""

    title: str
    chinese: str
    panels: tuple[Panel, ...]


@dataclass(frozen=True, slots=True)
class Board:
    """A dashboard."""

    name: str
    """Of its file and in its address."""
    title: str
    chinese: str
    description: str
    rows: tuple[Row, ...] = field(default=())

    @property
    def panels(self) -> list[Panel]:
        """All of them, in order."""
        return [panel for row in self.rows for panel in row.panels]


def query(expression: str, legend: str = "{{service}}") -> tuple[Query, ...]:
    """One query."""
    return (Query(expression, legend),)
