"""The month report as Markdown and HTML: what it says, and that no name becomes markup."""

import base64
import csv
import io
import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import partial
from hashlib import sha256
from html.parser import HTMLParser

import pytest

from services.reporting.api.asking import TEXTS
from services.reporting.domain.charts import bar_chart
from services.reporting.domain.intervals import Interval
from services.reporting.domain.markup import element
from services.reporting.domain.metric_registry import BY_NAME, METRICS
from services.reporting.domain.periods import By, parse_period, periods
from services.reporting.domain.report import (
    Advice,
    ChannelRow,
    CohortRow,
    Effect,
    HeatCell,
    PersonRow,
    Reconciled,
    Report,
    WordRow,
)
from services.reporting.domain.report_csv import neutral, table
from services.reporting.domain.report_html import CONTENT_SECURITY_POLICY, page
from services.reporting.domain.report_json import document
from services.reporting.domain.report_markdown import digest, escaped, markdown
from services.reporting.domain.series import Series
from services.reporting.domain.wording import change, shown

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
    "td", "dl", "dt", "dd", "svg", "rect", "line", "text", "div", "span", "b", "ul", "li",
}  # fmt: skip


def report(name: str = "茶馆", channel: str = "大厅") -> Report:
    period, by = parse_period("2024-02")
    return Report(
        community_id="tea",
        name=name,
        time_zone="Asia/Shanghai",
        by=by,
        period=period,
        is_partial=False,
        parts=periods(period.span, By.DAY),
        series=[Series(metric, tuple(range(29)), 406) for metric in METRICS],
        previous={metric.name: 203 for metric in METRICS},
        revisions={date(2024, 2, 3): 4},
        last_event_at=datetime(2024, 2, 29, 15, 59, tzinfo=UTC),
        reconciled=Reconciled({"message.posted": 406}, 3, 4, 1, 500, 480, 10, 5, 5),
        channels=[ChannelRow(channel, 400, 12, 80)],
        heat=[HeatCell(3, 20, 300, 60), HeatCell(5, 9, 106, 20)],
        top=[PersonRow("m1", channel, 60, 20, 7)],
        at_risk=[PersonRow("m2", channel, 1, 30, 0)],
        cohorts=[CohortRow("2024-01", 20, (20, 9)), CohortRow("2024-02", 8, (8,))],
        words=[WordRow("普洱茶", 30, 3, 61.5), WordRow("<b>", 9, 0, 12.0)],
        forms=[("question", 40, 30), ("text", 300, 50)],
        mood=(30, 10),
        effects=[Effect("checkins", (80.0, 30), (50.0, 60), Interval(30.0, 8.0, 47.0), is_experiment=False)],
        advice=[Advice("best_hour", {"hour": "20:00", "messages": 300, "share": "73.9"}, "/v1/x")],
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
    assert reader.text.count(name) == 5  # title, heading, channel and two members
    assert "<script" not in html


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_stays_text_in_markdown(name: str) -> None:
    text = markdown(report(name, name), partial(TEXTS.say, "en"), "en")
    assert "<" not in text
    assert not re.search(r"(?<!\\)[`\[\]]", text)
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {5}


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
    reader = seen(page(report(), partial(TEXTS.say, "en"), "en"))
    assert all(f"2024-02-{day:02}" in reader.text for day in range(1, 30))
    assert "in this period: 4" in reader.text


def test_totals_stand_beside_those_of_the_period_before() -> None:
    text = markdown(report(), partial(TEXTS.say, "en"), "en")
    assert "| Messages | 406 messages | 203 messages | +100.0% |" in text
    assert "| Reply rate | 406% | 203% | +203.0 pp |" in text


@pytest.mark.parametrize(
    ("total", "before", "expected"), [(15, 10, "+50.0%"), (5, 10, "-50.0%"), (12, 9, "+3"), (5, 8, "−3")]
)
def test_a_rate_is_told_only_of_numbers_large_enough(total: int, before: int, expected: str) -> None:
    assert change(total, before, BY_NAME["messages"]) == expected
    assert change(None, before, BY_NAME["messages"]) == "–"


def test_a_cohort_under_ten_is_shown_without_rates() -> None:
    text = seen(page(report(), partial(TEXTS.say, "en"), "en")).text
    assert "45% (26–66)" in text
    assert "2024-028" in text


def test_a_correlation_is_named_one_and_has_its_interval() -> None:
    text = seen(page(report(), partial(TEXTS.say, "en"), "en")).text
    assert "+30.0 points (95 % interval +8.0 to +47.0). A correlation, not an effect." in text


def test_the_reconciliation_says_whether_the_sum_fits() -> None:
    text = seen(page(report(), partial(TEXTS.say, "en"), "en")).text
    assert "500 records were read since the beginning: 480 applied, 10 duplicate" in text
    assert "The sum fits the log." in text


def test_what_is_said_in_a_chat_leaves_the_large_table_out() -> None:
    text = digest(report(), partial(TEXTS.say, "zh-CN"), "zh-CN")
    assert "20:00 起的一小时消息最多" in text
    assert "|" not in text
    assert len(text) < 2000


def test_programs_get_every_metric_and_every_day_unrounded() -> None:
    told = json.loads(json.dumps(document(report())))
    assert told["metrics"].keys() == BY_NAME.keys()
    assert (len(told["days"]), told["days"][2]["revision"], told["days"][5]["messages"]) == (29, 4, 5)
    assert told["reconciliation"]["fits"] is True


def test_a_table_for_spreadsheets_holds_no_formula() -> None:
    rows = list(csv.reader(io.StringIO(table(replace(report(), community_id="=cmd|' /C calc'!A0")))))
    assert len(rows) == 1 + len(METRICS)
    assert rows[1][0] == "'=cmd|' /C calc'!A0"
    assert [neutral(cell) for cell in ("+1", "＝1", "tea")] == ["'+1", "'＝1", "tea"]


def test_numbers_are_told_as_people_read_them() -> None:
    assert [shown(value) for value in (None, 1234567, 12.345, 0.1234)] == ["–", "1,234,567", "12.3", "0.12"]


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
