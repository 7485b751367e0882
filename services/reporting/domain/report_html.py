"""A report as one HTML page: no script, nothing loaded, every name escaped; it prints on paper."""

import base64
from hashlib import sha256

from services.reporting.domain.charts import bar_chart, heat_map, word_cloud
from services.reporting.domain.markup import Html, element, joined
from services.reporting.domain.metric_registry import METRICS
from services.reporting.domain.report import Report
from services.reporting.domain.sections import Chart, Section, advice_lines, basis, cards, sections, title
from services.reporting.domain.wording import Say

STYLE = Html(
    "body{font:15px/1.55 system-ui,'Noto Sans CJK SC','PingFang SC','Microsoft YaHei',sans-serif;"
    "color:#111827;max-width:60rem;margin:2rem auto;padding:0 1rem;background:#fff}"
    "h1{font-size:1.6rem;margin:0 0 .3rem}h2{font-size:1.1rem;margin:2rem 0 .4rem;break-after:avoid}"
    "table{border-collapse:collapse;margin:.5rem 0 .3rem;font-size:.92rem}"
    "th,td{padding:.22rem .7rem;border-bottom:1px solid #e5e7eb;text-align:right;"
    "font-variant-numeric:tabular-nums;overflow-wrap:anywhere}"
    "th{color:#6b7280;font-weight:500}tr{break-inside:avoid}"
    "th:first-child,td:first-child{text-align:left}"
    "p,dd{color:#4b5563;margin:.3rem 0}dt{font-weight:600;margin-top:.5rem}dd{margin-left:0}"
    ".cards{display:grid;grid-template-columns:repeat(3,1fr);gap:.8rem;margin:1.2rem 0}"
    ".card{border:1px solid #e5e7eb;border-radius:.6rem;padding:.7rem 1rem;break-inside:avoid}"
    ".card b{display:block;font-size:1.35rem;font-weight:600;color:#111827}"
    ".card span{color:#6b7280;font-size:.85rem}"
    ".advice{background:#eff6ff;border-radius:.6rem;padding:.6rem 1rem .7rem;break-inside:avoid}"
    ".advice h2{margin:.2rem 0}.advice li{margin:.25rem 0}ul{padding-left:1.2rem;margin:.3rem 0}"
    ".half{display:inline-block;width:49%;vertical-align:top;box-sizing:border-box;padding-right:1.5rem}"
    ".half table{width:100%}"
    ".wide{overflow-x:auto}svg{max-width:100%;height:auto;break-inside:avoid}"
    "@media(max-width:40rem){.cards{grid-template-columns:repeat(2,1fr)}"
    ".half{display:block;width:auto;padding:0}}"
    "@media print{body{margin:0;max-width:none;font-size:11pt}.wide{overflow:visible}}"
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
SHORT_ROWS, SHORT_COLUMNS = 15, 4
"""Tables up to this size stand two side by side."""
META = Html('<meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">')


def page(report: Report, say: Say, locale: str) -> str:
    """A whole document."""
    name = title(report, say)
    head = element("head", META, element("title", name), element("style", STYLE))
    meaning = [
        joined(element("dt", metric.titles[locale]), element("dd", metric.definitions[locale]))
        for metric in METRICS
        if report.total(metric.name)
    ]
    body = element(
        "body",
        element("h1", name),
        element("p", basis(report, say)),
        _cards(report, locale),
        _advice(report, say),
        *(_section(each, report, say) for each in sections(report, say, locale)),
        element("h2", say("report.definitions")),
        element("dl", *meaning),
    )
    return "<!doctype html>" + element("html", head, body, lang=locale)


def _cards(report: Report, locale: str) -> Html:
    shown = [
        element("div", element("span", name), element("b", value), element("span", change), class_="card")
        for name, value, change in cards(report, locale)
    ]
    return element("div", *shown, class_="cards")


def _advice(report: Report, say: Say) -> Html:
    lines = [element("li", line) for line in advice_lines(report, say)]
    if not lines:
        return Html("")
    return element("div", element("h2", say("report.advice")), element("ul", *lines), class_="advice")


def _section(section: Section, report: Report, say: Say) -> Html:
    parts = [element("h2", section.title)]
    if section.chart:
        parts.append(_chart(section.title, section.chart, report, say))
    if section.rows:
        head = element("tr", *(element("th", each, scope="col") for each in section.heads))
        rows = (element("tr", *(element("td", _cell(cell)) for cell in row)) for row in section.rows)
        table = element("table", element("thead", head), element("tbody", *rows))
        parts.append(element("div", table, class_="wide"))
    parts += [element("p", line) for line in section.lines]
    if section.note:
        parts.append(element("p", section.note))
    is_short = (
        not section.chart and 0 < len(section.rows) <= SHORT_ROWS and len(section.heads) <= SHORT_COLUMNS
    )
    return element("div", *parts, class_="half" if is_short else "whole")


def _chart(name: str, chart: Chart, report: Report, say: Say) -> Html:
    if chart.kind == "bars":
        return bar_chart(name, chart.labels, chart.values)
    if chart.kind == "cloud":
        return word_cloud(name, chart.words)
    weekdays = [say(f"weekday.{number}") for number in range(1, 8)]
    return heat_map(name, weekdays, {(cell.weekday, cell.hour): cell.messages for cell in report.heat})


def _cell(cell: str | int) -> str:
    return f"{cell:,}" if isinstance(cell, int) else cell
