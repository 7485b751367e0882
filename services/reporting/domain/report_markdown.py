"""The month report as Markdown, for a chat or a file."""

import re

from services.reporting.domain.month_report import MonthReport, Say, Table, basis, definitions, tables, title

_SPECIAL = re.compile(r"([\\`*_\[\]|~$]|:(?=//))")
"""Of the rest, brackets and marks mean something only beside one of these or at the start of a line."""
_SPACE = re.compile(r"\s+")


def markdown(report: MonthReport, say: Say, locale: str) -> str:
    """Headings, tables and definitions; each text is escaped for Markdown and for HTML."""
    meaning = "\n".join(
        f"- **{escaped(name)}** {escaped(what)}" for name, what in definitions(report, locale)
    )
    parts = [
        f"# {escaped(title(report, say))}",
        escaped(basis(report, say)),
        *(_section(table) for table in tables(report, say, locale)),
        f"## {escaped(say('report.definitions'))}",
        meaning,
    ]
    return "\n\n".join(parts) + "\n"


def escaped(text: str) -> str:
    """One line in which nothing is markup, neither Markdown's nor HTML's."""
    flat = _SPACE.sub(" ", text).strip()
    return _SPECIAL.sub(r"\\\1", flat.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))


def _section(table: Table) -> str:
    lines = [table.heads, ["---", *("---:" for _ in table.heads[1:])]]
    rows = [[escaped(str(cell)) for cell in row] for row in table.rows]
    grid = "\n".join(f"| {' | '.join(line)} |" for line in [*lines, *rows])
    parts = [f"## {escaped(table.title)}", grid, escaped(table.note)]
    return "\n\n".join(part for part in parts if part)
