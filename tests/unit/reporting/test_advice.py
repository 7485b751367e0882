"""What operators are told to do: each rule at its boundary, five things at most, each with its link."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import pytest

from services.reporting.api.asking import TEXTS
from services.reporting.domain.advice import ADVICE_MAX, MESSAGES_MIN, RULES, advise
from services.reporting.domain.metric_registry import METRICS
from services.reporting.domain.periods import parse_period
from services.reporting.domain.report import HeatCell, PersonRow, Reconciled, Report
from services.reporting.domain.report_markdown import digest
from services.reporting.domain.series import Series
from shared.i18n import LOCALES


def report(period: str = "2024-03", before: Mapping[str, float] | None = None, **totals: float) -> Report:
    """These totals, and nothing else."""
    of, by = parse_period(period)
    return Report(
        community_id="tea", name="茶馆", time_zone="Asia/Shanghai", by=by, period=of, is_partial=False,
        parts=[of], series=[Series(each, (), totals.get(each.name)) for each in METRICS],
        previous=dict(before or {}), revisions={}, last_event_at=None,
        reconciled=Reconciled({}, 0, 0, 0, 0, 0, 0, 0, 0),
    )  # fmt: skip


def keys(of: Report) -> list[str]:
    return [each.key for each in advise(of)]


TEN = {"active_members": 10}


@pytest.mark.parametrize(
    ("key", "enough", "too_few"),
    [
        (
            "unanswered",
            report(threads_unanswered=3, threads_opened=9),
            report(threads_unanswered=2, threads_opened=9),
        ),
        (
            "removals",
            report(before={"removals": 5}, removals=10),
            report(before={"removals": 6}, removals=11),
        ),
        ("cases", report(cases_opened=2, cases_resolved=1), report(cases_opened=2, cases_resolved=2)),
        ("welcome", report("2024-03-05", new_members=1), report("2024-03-05")),
        ("activation", report(activation_rate=29.9), report(activation_rate=30)),
        ("fewer_active", report(before=TEN, active_members=7), report(before=TEN, active_members=8)),
        (
            "concentration",
            report(top_tenth_share=60, absence_factor=2, active_members=10),
            report(top_tenth_share=59, absence_factor=2, active_members=10),
        ),
    ],
)
def test_a_rule_speaks_from_its_bound_on(key: str, enough: Report, too_few: Report) -> None:
    assert keys(enough) == [key]
    assert keys(too_few) == []


def test_the_best_hour_is_told_with_its_messages_and_share() -> None:
    heat = [HeatCell(weekday, 20, 6, 0) for weekday in range(1, 8)] + [HeatCell(3, 9, MESSAGES_MIN - 42, 0)]
    (best,) = advise(replace(report(), heat=heat))
    assert (best.key, best.values) == ("best_hour", {"hour": "20:00", "messages": 42, "share": "84.0"})
    assert best.link == "/v1/communities/tea/heatmap?from=2024-03-01&to=2024-03-31"
    assert keys(replace(report(), heat=heat[1:])) == []


def test_answers_that_become_rare_at_night_are_told_with_both_shares() -> None:
    heat = [HeatCell(1, 20, 100, 40), HeatCell(1, 23, 60, 6)]
    _, late = advise(replace(report(), heat=heat))
    assert (late.key, late.values) == ("late", {"evening": "40.0", "late": "10.0"})


@pytest.mark.parametrize("locale", LOCALES)
def test_a_daily_digest_tells_at_most_five_things_each_with_its_link(locale: str) -> None:
    busy = report(
        "2024-03-05", before={"removals": 1, "active_members": 40}, threads_unanswered=4, threads_opened=9,
        removals=30, cases_opened=3, new_members=2, active_members=12, top_tenth_share=80, absence_factor=1,
    )  # fmt: skip
    busy = replace(busy, at_risk=[PersonRow("m", "安", 1, 30, 0)], heat=[HeatCell(1, 20, 90, 9)])
    assert len([advice for rule in RULES for advice in rule(busy)]) > ADVICE_MAX
    busy = replace(busy, advice=advise(busy))
    lines = [
        line for line in digest(busy, partial(TEXTS.say, locale), locale).splitlines() if " → /v1/" in line
    ]
    assert len(lines) == ADVICE_MAX == 5
