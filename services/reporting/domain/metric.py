"""What a metric is, and how `how` is read: sums of facts, relations of metrics, and named computations."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Measure = Literal["count", "sum", "answers"]
RATE_FROM = 10
"""A rate is told only of this many or more: below, it says more than is known."""


@dataclass(frozen=True, slots=True)
class Term:
    """Facts of one type, added or subtracted."""

    type: str
    sign: Literal[1, -1] = 1
    of: Measure = "count"
    bots: bool = False
    """Whose facts: those of bots, or those of people and of Hearth itself."""
    label: str | None = None
    """Only those with this word: a rule, a verdict, the form of a message."""


@dataclass(frozen=True, slots=True)
class Sum:
    """Adds up over days: a longer period has the sum of its days."""

    terms: tuple[Term, ...]

    @property
    def has_labels(self) -> bool:
        """Whether it needs what is counted by day alone, not by channel or hour."""
        return any(term.label is not None for term in self.terms)


@dataclass(frozen=True, slots=True)
class Relation:
    """One metric divided by another; a share is told in percent, and not of small numbers."""

    kind: Literal["share", "per"]
    above: str
    below: str


@dataclass(frozen=True, slots=True)
class Computed:
    """A computation by name, with its arguments; handlers/computations.py has one for each name."""

    name: str
    arguments: tuple[str, ...] = ()


How = Sum | Relation | Computed


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric."""

    name: str
    unit: str
    """A key of UNITS."""
    how: How
    formula: str
    """`how` as it is declared."""
    titles: Mapping[str, str]
    """By locale."""
    definitions: Mapping[str, str]
    """By locale; one sentence."""


class BadMetric(ValueError):
    """A declaration that cannot be read."""


_TERM = re.compile(
    r"(?P<of>count|sum|answers)\((?P<type>[a-z_.]+)(?:\[(?P<label>[^\]]+)\])?(?P<bots>, bots)?\)"
)
_CALL = re.compile(r"(?P<name>[a-z_]+)\((?P<arguments>[a-z0-9_, ]*)\)")
_MINUS = " - "


def read_how(formula: str) -> How:
    """`count(a.b) - sum(c.d[label], bots)`, `share(x, y)` or `name(argument)`. Raises `BadMetric`."""
    terms = [_TERM.fullmatch(part) for part in formula.split(_MINUS)]
    if all(terms):
        return Sum(tuple(_term(found, place) for place, found in enumerate(terms) if found is not None))
    call = _CALL.fullmatch(formula)
    if call is None:
        raise BadMetric(f"{formula!r} cannot be read")
    arguments = tuple(part for part in call["arguments"].split(", ") if part)
    name = call["name"]
    if name == "share" or name == "per":
        above, below = arguments
        return Relation("share" if name == "share" else "per", above, below)
    return Computed(name, arguments)


def _term(found: re.Match[str], place: int) -> Term:
    measure: Measure = "sum" if found["of"] == "sum" else "answers" if found["of"] == "answers" else "count"
    return Term(found["type"], -1 if place else 1, measure, found["bots"] is not None, found["label"])
