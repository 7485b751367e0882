"""A bar chart as inline SVG: numbers and dates only, no script, no style, nothing from outside."""

from collections.abc import Sequence

from services.reporting.domain.markup import Html, element, joined

WIDTH, HEIGHT = 720, 150
LEFT, TOP, BOTTOM = 52, 10, 20
BARS_MAX = 400
COLOUR, RULE_COLOUR, TEXT_COLOUR = "#2563eb", "#d1d5db", "#4b5563"


def bar_chart(title: str, labels: Sequence[str], values: Sequence[int]) -> Html:
    """One bar for each value, from zero; negative ones are drawn as nothing. At most BARS_MAX bars."""
    labels, values = labels[:BARS_MAX], values[:BARS_MAX]
    top = max([*values, 1])
    step = (WIDTH - LEFT) / max(len(values), 1)
    bars = [
        _bar(number, step, label, value, top)
        for number, (label, value) in enumerate(zip(labels, values, strict=True))
    ]
    ticks = [
        _text(LEFT + (number + 0.5) * step, HEIGHT - 5, label, "middle")
        for number, label in enumerate(labels)
        if number % 7 == 0
    ]
    return element(
        "svg",
        *(_rule(level, top) for level in (0, top)),
        *bars,
        *ticks,
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        width="100%",
        role="img",
        aria_label=title,
    )


def _y(value: int, top: int) -> float:
    return TOP + (HEIGHT - TOP - BOTTOM) * (1 - max(value, 0) / top)


def _bar(number: int, step: float, label: str, value: int, top: int) -> Html:
    y = _y(value, top)
    return element(
        "rect",
        element("title", f"{label}: {value}"),
        x=f"{LEFT + number * step + step * 0.1:.1f}",
        y=f"{y:.1f}",
        width=f"{step * 0.8:.1f}",
        height=f"{HEIGHT - BOTTOM - y:.1f}",
        fill=COLOUR,
    )


def _rule(level: int, top: int) -> Html:
    y = f"{_y(level, top):.1f}"
    line = element("line", x1=LEFT, x2=WIDTH, y1=y, y2=y, stroke=RULE_COLOUR)
    return joined(line, _text(LEFT - 6, _y(level, top) + 4, str(level), "end"))


def _text(x: float, y: float, text: str, anchor: str) -> Html:
    return element(
        "text", text, x=f"{x:.1f}", y=f"{y:.1f}", fill=TEXT_COLOUR, font_size=11, text_anchor=anchor
    )
