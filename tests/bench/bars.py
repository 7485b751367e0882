"""What the figures must reach; ratios where the machine's own speed would decide."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

SERVICES = {"moderation": 8_000, "engagement": 8_000, "rewards": 8_000, "reporting": 10_000}
"""Events a second that each is to take."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Events a second by layer."""

    rates: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Verdict:
    """A bar's value in this run."""

    met: bool
    value: str


@dataclass(frozen=True, slots=True)
class Bar:
    """One thing to reach."""

    text: str
    needs: tuple[str, ...]
    value: Callable[[Mapping[str, float]], float]
    least: float

    def judge(self, figures: Figures) -> Verdict | None:
        """Whether it is reached; None when a layer that it needs was not measured."""
        if any(name not in figures.rates for name in self.needs):
            return None
        value = self.value(figures.rates)
        return Verdict(value >= self.least, f"{value:,.2f} (at least {self.least:,.2f})")


BARS = (
    Bar(
        "decision, messages a CPU second (40 CPU µs each)",
        ("decision",),
        lambda rates: rates["decision"],
        25_000,
    ),
    Bar("check, lines/s", ("check",), lambda rates: rates["check"], 10_000),
    Bar("back-test in two processes, messages/s", ("backtest",), lambda rates: rates["backtest"], 20_000),
    Bar("engine, events/s", ("engine",), lambda rates: rates["engine"], 20_000),
    Bar(
        "engine / raw with COPY",
        ("engine", "raw+copy"),
        lambda rates: rates["engine"] / rates["raw+copy"],
        0.5,
    ),
    *(
        Bar(f"{name}{shape}, events/s", (name + shape,), lambda rates, name=name + shape: rates[name], least)
        for name, least in SERVICES.items()
        for shape in ("", ", live")
    ),
    *(
        Bar(f"{name} / naive", (name, "naive"), lambda rates, name=name: rates[name] / rates["naive"], 15)
        for name in SERVICES
    ),
)
