"""Charts as inline SVG: no script, no style, nothing from outside; every text is escaped."""

from collections.abc import Mapping, Sequence
from itertools import islice

from services.reporting.domain.markup import Html, element, joined
from services.reporting.domain.report import WordRow

WIDTH, HEIGHT = 720, 160
LEFT, RIGHT, TOP, BOTTOM = 52, 18, 12, 22
BARS_MAX = 400
LABELS_MAX = 12
COLOUR, PALE, RULE_COLOUR, TEXT_COLOUR = "#2563eb", "#bfdbfe", "#d1d5db", "#4b5563"
CELL, CELL_LEFT = 26, 48
CLOUD_WORDS_MAX = 40
CLOUD_LINE = 40


def bar_chart(title: str, labels: Sequence[str], values: Sequence[float]) -> Html:
    """One bar for each value, from zero; negative ones are drawn as nothing. At most BARS_MAX bars."""
    labels, values = labels[:BARS_MAX], values[:BARS_MAX]
    top = max([*values, 1])
    step = (WIDTH - LEFT - RIGHT) / max(len(values), 1)
    bars = [
        _bar(number, step, label, value, top)
        for number, (label, value) in enumerate(zip(labels, values, strict=True))
    ]
    every = max(1, -(-len(labels) // LABELS_MAX))
    ticks = [
        _text(LEFT + (number + 0.5) * step, HEIGHT - 6, label, "middle")
        for number, label in islice(enumerate(labels), 0, None, every)
    ]
    return _svg(title, HEIGHT, *(_rule(level, top) for level in (0, top / 2, top)), *bars, *ticks)


def heat_map(title: str, weekdays: Sequence[str], cells: Mapping[tuple[int, int], int]) -> Html:
    """Seven rows of 24 hours; `cells` by (weekday from 1, hour). The darker, the more."""
    top = max([*cells.values(), 1])
    squares = [
        _square(weekday, hour, cells.get((weekday, hour), 0), top, weekdays)
        for weekday in range(1, 8)
        for hour in range(24)
    ]
    rows = [
        _text(CELL_LEFT - 8, 32 + (number + 0.5) * CELL, name, "end") for number, name in enumerate(weekdays)
    ]
    hours = [_text(CELL_LEFT + (hour + 0.5) * CELL, 20, f"{hour:02}", "middle") for hour in range(0, 24, 2)]
    return _svg(title, 34 + 7 * CELL, *rows, *hours, *squares)


def word_cloud(title: str, words: Sequence[WordRow]) -> Html:
    """Words by weight, the heaviest first and largest, in lines."""
    words = words[:CLOUD_WORDS_MAX]
    top = max([word.weight for word in words], default=1) or 1
    x, y, placed = 8.0, CLOUD_LINE, []
    for word in words:
        size = round(13 + 21 * (word.weight / top) ** 0.5)
        width = sum(size if ord(letter) > 0x2E7F else size * 0.66 for letter in word.word) + 14
        if x + width > WIDTH:
            x, y = 8.0, y + CLOUD_LINE
        told = element("title", f"{word.word}: {word.messages}")
        placed.append(
            element(
                "text", told, word.word, x=f"{x:.0f}", y=y, font_size=size, fill=COLOUR, text_anchor="start"
            )
        )
        x += width
    return _svg(title, y + 14, *placed)


def _svg(title: str, height: int | float, *children: Html) -> Html:
    return element(
        "svg", *children, viewBox=f"0 0 {WIDTH} {height}", width="100%", role="img", aria_label=title
    )


def _y(value: float, top: float) -> float:
    return TOP + (HEIGHT - TOP - BOTTOM) * (1 - max(value, 0) / top)


def _bar(number: int, step: float, label: str, value: float, top: float) -> Html:
    y = _y(value, top)
    return element(
        "rect",
        element("title", f"{label}: {value:,}"),
        x=f"{LEFT + number * step + step * 0.1:.1f}",
        y=f"{y:.1f}",
        width=f"{step * 0.8:.1f}",
        height=f"{HEIGHT - BOTTOM - y:.1f}",
        fill=COLOUR,
    )


def _square(weekday: int, hour: int, count: int, top: int, names: Sequence[str]) -> Html:
    return element(
        "rect",
        element("title", f"{names[weekday - 1]} {hour:02}:00: {count:,}"),
        x=CELL_LEFT + hour * CELL,
        y=32 + (weekday - 1) * CELL,
        width=CELL - 2,
        height=CELL - 2,
        rx=3,
        fill=COLOUR if count else "#f3f4f6",
        fill_opacity=f"{0.12 + 0.88 * count / top:.2f}" if count else "1",
    )


def _rule(level: float, top: float) -> Html:
    y = f"{_y(level, top):.1f}"
    line = element("line", x1=LEFT, x2=WIDTH - RIGHT, y1=y, y2=y, stroke=RULE_COLOUR)
    told = f"{level:,.0f}" if level == int(level) or top >= 10 else f"{level:.1f}"
    return joined(line, _text(LEFT - 6, _y(level, top) + 4, told, "end"))


def _text(x: float, y: float, text: str, anchor: str) -> Html:
    return element(
        "text", text, x=f"{x:.1f}", y=f"{y:.1f}", fill=TEXT_COLOUR, font_size=11, text_anchor=anchor
    )
