"""A figure of quality: what was measured, and what it must reach where something was promised."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

Advance = Callable[[int, str], None]
"""How much is done, and a note beside it."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One number, a share unless its text says otherwise."""

    text: str
    value: float
    least: float | None = None
    most: float | None = None
    note: str = ""

    @property
    def is_met(self) -> bool | None:
        """Whether it reaches its bar; None where there is none."""
        if self.least is None and self.most is None:
            return None
        return (self.least is None or self.value >= self.least) and (
            self.most is None or self.value <= self.most
        )

    @property
    def bar(self) -> str:
        """What it must reach, for people."""
        if self.least is not None:
            return f"≥ {self.least:.3g}"
        return f"≤ {self.most:.3g}" if self.most is not None else ""

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        told = {"text": self.text, "value": round(self.value, 6), "met": self.is_met}
        return {**told, "least": self.least, "most": self.most, "note": self.note}


@dataclass(frozen=True, slots=True)
class Report:
    """What one measurement says."""

    figures: Sequence[Figure]
    lines: Sequence[str] = ()
    """Every case by itself that one wants to look at."""
