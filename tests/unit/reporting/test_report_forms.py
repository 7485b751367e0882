"""The month report as Markdown and HTML: what it says, and that no name becomes markup."""

import base64
import re
from datetime import UTC, date, datetime
from functools import partial
from hashlib import sha256
from html.parser import HTMLParser

import pytest

from services.reporting.api.asking import TEXTS
from services.reporting.domain.bar_chart import bar_chart
from services.reporting.domain.markup import element
from services.reporting.domain.metric_registry import METRICS
from services.reporting.domain.month_report import ChannelRow, MonthReport, percent
from services.reporting.domain.periods import parse_period
from services.reporting.domain.report_html import CONTENT_SECURITY_POLICY, page
from services.reporting.domain.report_markdown import escaped, markdown
from services.reporting.domain.series import Series

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</title></style><svg onload=alert(1)>",
    "javascript:alert(1)",
    "&lt;script&gt;",
    "{community}{0}",
    "a|b\n## c [x](javascript:alert(1)) `d`",
)
ELEMENTS = {
    "html", "head", "meta", "title", "style", "body", "h1", "h2", "p", "table", "thead", "tbody", "tr", "th",
    "td", "dl", "dt", "dd", "svg", "rect", "line", "text",
}  # fmt: skip


def report(name: str = "茶馆", channel: str = "大厅") -> MonthReport:
    month = parse_period("2024-02")[0].span
    return MonthReport(
        name=name,
        time_zone="Asia/Shanghai",
        month=month,
        series=[Series(metric, tuple(range(29)), 406) for metric in METRICS],
        previous={metric.name: 203 for metric in METRICS},
        revisions={date(2024, 2, 3): 4},
        events=1234,
        last_event_at=datetime(2024, 2, 29, 15, 59, tzinfo=UTC),
        channels=[ChannelRow(channel, 400, 12)],
    )


class Reader(HTMLParser):
    """Collects elements, attributes and text as a browser would see them."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


def seen(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    return reader


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_stays_text_in_html(name: str) -> None:
    html = page(report(name, name), partial(TEXTS.say, "en"), "en")
    reader = seen(html)
    assert reader.elements <= ELEMENTS
    assert not [attribute for attribute, _ in reader.attributes if attribute.startswith("on")]
    assert reader.text.count(name) == 3  # title, heading and channel
    assert "<script" not in html


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_stays_text_in_markdown(name: str) -> None:
    text = markdown(report(name, name), partial(TEXTS.say, "en"), "en")
    assert "<" not in text
    assert not re.search(r"(?<!\\)[`\[\]]", text)
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert len(re.findall(r"(?<!\\)\|", rows[-1])) == 4


def test_the_page_needs_nothing_but_its_own_style_sheet() -> None:
    html = page(report(), partial(TEXTS.say, "zh-CN"), "zh-CN")
    reader = seen(html)
    assert not {name for name, _ in reader.attributes} & {"href", "src", "style", "xlink:href", "action"}
    (style,) = re.findall(r"<style>(.*?)</style>", html, re.S)
    assert "url(" not in style
    assert "@import" not in style
    digest = base64.b64encode(sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in CONTENT_SECURITY_POLICY
    assert "unsafe" not in CONTENT_SECURITY_POLICY
    assert "default-src 'none'" in CONTENT_SECURITY_POLICY


@pytest.mark.parametrize(("locale", "words"), [("zh-CN", "活跃成员"), ("en", "Active members")])
def test_both_forms_speak_the_readers_language(locale: str, words: str) -> None:
    say = partial(TEXTS.say, locale)
    assert words in markdown(report(), say, locale)
    html = page(report(), say, locale)
    assert words in html
    assert f'<html lang="{locale}">' in html


def test_every_day_has_its_row_and_its_revision() -> None:
    text = markdown(report(), partial(TEXTS.say, "en"), "en")
    rows = [line for line in text.splitlines() if line.startswith("| 2024-02-")]
    assert len(rows) == 29
    assert rows[2].endswith("| 4 |")
    assert rows[3].endswith("| 0 |")


def test_totals_stand_beside_those_of_the_month_before() -> None:
    text = markdown(report(), partial(TEXTS.say, "en"), "en")
    assert "| Messages (messages) | 406 | 203 | +203 | +100.0% |" in text


@pytest.mark.parametrize(
    ("total", "before", "expected"), [(15, 10, "+50.0%"), (5, 10, "-50.0%"), (18, 9, "–"), (5, 0, "–")]
)
def test_a_rate_is_told_only_of_numbers_large_enough(total: int, before: int, expected: str) -> None:
    assert percent(total, before) == expected


def test_an_address_in_a_name_does_not_become_a_link() -> None:
    assert escaped("see https://evil.example at 12:30") == "see https\\://evil.example at 12:30"


def test_markdown_text_is_one_line() -> None:
    assert escaped(" a\n# b\t*c* ") == "a # b \\*c\\*"


def test_elements_escape_children_and_attributes() -> None:
    assert element("p", "<b>", element("b", "&"), title='"') == '<p title="&quot;">&lt;b&gt;<b>&amp;</b></p>'


def test_a_chart_draws_a_bar_for_each_value_and_none_below_zero() -> None:
    svg = bar_chart("x", ["a", "b", "c"], [4, 0, -2])
    heights = [float(height) for height in re.findall(r'<rect [^>]*height="([\d.]+)"', svg)]
    assert len(heights) == 3
    assert heights[0] > 100
    assert heights[1:] == [0.0, 0.0]


def test_a_chart_of_nothing_is_empty() -> None:
    assert "<rect" not in bar_chart("x", [], [])
