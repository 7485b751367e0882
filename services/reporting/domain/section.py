"""One titled part of a report: a table, a chart or lines, whatever the form that shows it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from services.reporting.domain.report import WordRow

Cell = str | int


@dataclass(frozen=True, slots=True)
class Chart:
    """What a chart shows: bars, the heat of a week, or a cloud of words."""

    kind: Literal["bars", "heat", "cloud"]
    labels: Sequence[str] = ()
    values: Sequence[float] = ()
    words: Sequence[WordRow] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """A title and what stands under it; its texts are plain, escaped by whoever shows them."""

    title: str
    heads: Sequence[str] = ()
    rows: Sequence[Sequence[Cell]] = ()
    lines: Sequence[str] = ()
    chart: Chart | None = None
    note: str = ""
