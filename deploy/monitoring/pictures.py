"""Draws each board's list of panels with the values of now, for people who have no Grafana at hand.

`python -m deploy.monitoring.pictures PROMETHEUS_URL` writes an SVG for each board into docs/dashboards: each
panel with its series, at most six, the largest first, and a mark in the colour of its limits.
"""

import sys
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import httpx

from deploy.monitoring.boards import boards
from deploy.monitoring.grafana import title
from deploy.monitoring.panels import Board, Limits, Panel, Query

FOLDER = Path(__file__).parents[2] / "docs" / "dashboards"
WINDOW = "1m"
SERIES_MAX = 6
WIDTH, COLUMN, MARGIN = 1200, 580, 14
LINE, HEAD, GAP = 18, 26, 12
FONT = "system-ui, 'Noto Sans CJK SC', 'PingFang SC', 'Microsoft YaHei', sans-serif"
PAGE, CARD, INK, FAINT = "#111217", "#181b1f", "#d8d9da", "#8e9299"
GOOD, LOOK, BAD = "#73bf69", "#fade2a", "#f2495c"


@dataclass(frozen=True, slots=True)
class Value:
    """A series' name and its value now."""

    name: str
    value: float


def values(client: httpx.Client, asked: Query) -> list[Value]:
    """What Prometheus answers to a query now, the largest first; raises when it does not answer well."""
    answer = client.get(
        "/api/v1/query", params={"query": asked.expression.replace("$__rate_interval", WINDOW)}
    )
    answer.raise_for_status()
    found = [
        Value(_legend(asked, each["metric"]), float(each["value"][1]))
        for each in answer.json()["data"]["result"]
    ]
    return sorted(found, key=lambda each: (-each.value, each.name))


def _legend(asked: Query, labels: dict[str, str]) -> str:
    name = asked.legend
    for label, value in labels.items():
        name = name.replace(f"{{{{{label}}}}}", value)
    return name


def said(value: float, unit: str) -> str:
    """A value as Grafana would write it."""
    if unit == "percentunit":
        return f"{value:.1%}"
    if unit == "bytes":
        return f"{value / 2**20:.0f} MiB"
    if unit == "s":
        return f"{value * 1000:.0f} ms" if abs(value) < 1 else f"{value:.1f} s"
    number = f"{value:.0f}" if value == int(value) or abs(value) >= 100 else f"{value:.2f}"
    return f"{number}/s" if unit == "ops" else number


def colour(value: float, limits: Limits | None) -> str:
    """Of its limits."""
    if limits is None:
        return GOOD
    sign = -1 if limits.falling else 1
    if limits.falling:
        return GOOD if value >= limits.look else LOOK if value >= limits.bad else BAD
    return BAD if sign * value >= limits.bad else LOOK if value >= limits.look else GOOD


def draw(board: Board, client: httpx.Client) -> str:
    """The board's picture."""
    parts, top = [_text(MARGIN, 34, f"{board.title} · {board.chinese}", 22, INK, bold=True)], 50
    parts.append(_text(MARGIN, top + 4, board.description, 13, FAINT))
    top += 24
    for row in board.rows:
        parts.append(_text(MARGIN, top + 14, f"{row.title} · {row.chinese}", 15, INK, bold=True))
        top += HEAD
        for pair in (row.panels[at : at + 2] for at in range(0, len(row.panels), 2)):
            cards = [_card(panel, client) for panel in pair]
            height = max(card[1] for card in cards)
            for column, (lines, _) in enumerate(cards):
                left = MARGIN + column * (COLUMN + GAP)
                parts.append(f'<g transform="translate({left},{top})">{_box(height)}{lines}</g>')
            top += height + GAP
    style = f'font-family="{FONT}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{top + MARGIN}" {style}>'
    return f'{head}<rect width="100%" height="100%" fill="{PAGE}"/>{"".join(parts)}</svg>\n'


def _card(panel: Panel, client: httpx.Client) -> tuple[str, int]:
    found = [each for asked in panel.queries for each in values(client, asked)]
    parts = [_text(12, 22, title(panel), 14, INK, bold=True), _text(12, 40, panel.description, 11, FAINT)]
    at = 62
    for each in found[:SERIES_MAX]:
        parts.append(f'<circle cx="17" cy="{at - 4}" r="4" fill="{colour(each.value, panel.limits)}"/>')
        parts.append(_text(28, at, each.name or "value", 12, INK))
        parts.append(_text(COLUMN - 14, at, said(each.value, panel.unit), 12, INK, end=True))
        at += LINE
    rest = len(found) - SERIES_MAX
    if rest > 0 or not found:
        parts.append(_text(28, at, f"and {rest} more" if found else "no data", 12, FAINT))
        at += LINE
    return "".join(parts), at


def _box(height: int) -> str:
    return f'<rect width="{COLUMN}" height="{height}" rx="4" fill="{CARD}"/>'


def _text(x: int, y: int, text: str, size: int, fill: str, *, bold: bool = False, end: bool = False) -> str:
    more = (' font-weight="600"' if bold else "") + (' text-anchor="end"' if end else "")
    return f'<text x="{x}" y="{y}" font-size="{size}" fill="{fill}"{more}>{escape(text)}</text>'


def main(arguments: list[str]) -> Any:
    """Draw all boards."""
    if len(arguments) != 1:
        return "usage: python -m deploy.monitoring.pictures PROMETHEUS_URL"
    FOLDER.mkdir(exist_ok=True)
    with httpx.Client(base_url=arguments[0], trust_env=False, timeout=30) as client:
        for board in boards():
            (FOLDER / f"{board.name}.svg").write_text(draw(board, client), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
