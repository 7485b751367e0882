"""A report as Markdown for a chat: short enough to be read there, every name escaped."""

import re
from collections.abc import Iterable, Sequence

from services.reporting.domain.report import Report
from services.reporting.domain.sections import SHOWN_WORDS, advice_lines, basis, cards, title, totals
from services.reporting.domain.wording import Say, shown

_SPECIAL = re.compile(r"([\\`*_\[\]|~$]|:(?=//))")
"""Of the rest, brackets and marks mean something only beside one of these or at the start of a line."""
_SPACE = re.compile(r"\s+")
PEOPLE_SHOWN = 5
CHANNELS_SHOWN = 5


def markdown(report: Report, say: Say, locale: str) -> str:
    """Key numbers, advice, people, channels and words, then every metric beside the period before."""
    numbers = totals(report, say, locale)
    parts = [
        f"# {escaped(title(report, say))}",
        escaped(basis(report, say)),
        _list(f"**{escaped(name)}** {value} ({change})" for name, value, change in cards(report, locale)),
        _under(say("report.advice"), _advice(report, say)),
        _under(say("report.top"), [_count(each.name, each.messages) for each in report.top[:PEOPLE_SHOWN]]),
        _under(
            say("report.channels"),
            [_count(each.name, each.messages) for each in report.channels[:CHANNELS_SHOWN]],
        ),
        _words(report, say),
        f"## {escaped(numbers.title)}",
        _table(numbers.heads, numbers.rows),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def digest(report: Report, say: Say, locale: str) -> str:
    """The same without the table of all metrics: what is said in a chat."""
    return (
        markdown(report, say, locale).partition(f"\n## {escaped(say('report.totals'))}\n")[0].rstrip() + "\n"
    )


def escaped(text: str) -> str:
    """One line in which nothing is markup, neither Markdown's nor HTML's."""
    flat = _SPACE.sub(" ", text).strip()
    return _SPECIAL.sub(r"\\\1", flat.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))


def _count(name: str, count: int) -> str:
    return f"{escaped(name)}: {shown(count)}"


def _advice(report: Report, say: Say) -> list[str]:
    """Each with the path that shows its numbers."""
    lines = zip(advice_lines(report, say), report.advice, strict=True)
    return [f"{escaped(line)} → {escaped(advice.link)}" for line, advice in lines]


def _words(report: Report, say: Say) -> str:
    if not report.words:
        return ""
    words = " · ".join(escaped(each.word) for each in report.words[:SHOWN_WORDS])
    return f"## {escaped(say('report.words'))}\n\n{words}"


def _under(heading: str, lines: list[str]) -> str:
    return f"## {escaped(heading)}\n\n{_list(lines)}" if lines else ""


def _list(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _table(heads: Sequence[str], rows: Sequence[Sequence[str | int]]) -> str:
    lines = [[escaped(str(cell)) for cell in row] for row in (heads, *rows)]
    lines.insert(1, ["---", *("---:" for _ in lines[0][1:])])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
