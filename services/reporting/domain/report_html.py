"""The month report as one HTML page: no script, nothing loaded, every name escaped."""

import base64
from collections.abc import Iterator
from hashlib import sha256

from services.reporting.domain.bar_chart import bar_chart
from services.reporting.domain.markup import Html, element, joined
from services.reporting.domain.month_report import MonthReport, Say, Table, basis, definitions, tables, title

STYLE = Html(
    "body{font:15px/1.5 system-ui,'Noto Sans CJK SC','PingFang SC','Microsoft YaHei',sans-serif;"
    "color:#111827;max-width:70rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse;margin:.5rem 0 1.5rem}"
    "th,td{padding:.25rem .6rem;border-bottom:1px solid #e5e7eb;text-align:right;"
    "font-variant-numeric:tabular-nums}"
    "th:first-child,td:first-child{text-align:left}"
    "p,dd{color:#4b5563}dt{font-weight:600}"
)
_HASH = base64.b64encode(sha256(STYLE.encode()).digest()).decode()
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        f"style-src 'sha256-{_HASH}'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
"""What the page needs: its one style sheet, named by its hash, and nothing else."""
META = Html('<meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">')
CHARTED = ("messages", "active_members")


def page(report: MonthReport, say: Say, locale: str) -> str:
    """A whole document."""
    name = title(report, say)
    head = element("head", META, element("title", name), element("style", STYLE))
    body = element(
        "body",
        element("h1", name),
        element("p", basis(report, say)),
        *_charts(report, locale),
        *(_section(table) for table in tables(report, say, locale)),
        element("h2", say("report.definitions")),
        element("dl", *(_definition(term, what) for term, what in definitions(report, locale))),
    )
    return "<!doctype html>" + element("html", head, body, lang=locale)


def _charts(report: MonthReport, locale: str) -> Iterator[Html]:
    labels = [day.isoformat()[5:] for day in report.month]
    for each in report.series:
        if each.metric.name in CHARTED:
            name = each.metric.titles[locale]
            yield joined(
                element("h2", name), bar_chart(name, labels, [int(value or 0) for value in each.values])
            )


def _section(table: Table) -> Html:
    head = element("tr", *(element("th", each, scope="col") for each in table.heads))
    rows = (element("tr", *(element("td", cell) for cell in row)) for row in table.rows)
    grid = element("table", element("thead", head), element("tbody", *rows))
    return joined(element("h2", table.title), grid, element("p", table.note) if table.note else "")


def _definition(term: str, what: str) -> Html:
    return joined(element("dt", term), element("dd", what))
