"""The metrics' declarations, and the sums and relations that are made of them."""

from datetime import date

import pytest

from services.reporting.domain.metric import BadMetric, Computed, Metric, Relation, Sum, Term, read_how
from services.reporting.domain.metric_registry import BY_NAME, METRICS, UNITS, with_parts
from services.reporting.domain.periods import By, periods, span_of
from services.reporting.domain.series import Series, Tally, related, sums, types_of
from services.reporting.handlers.computations import COMPUTATIONS, QUERIES
from services.reporting.handlers.read_facts import FACTS
from shared.i18n import LOCALES

PROMISED = {
    "members", "joins", "leaves", "active_members", "stickiness", "messages", "messages_per_member",
    "participation_rate", "reply_rate", "first_response_minutes", "first_answer_minutes",
    "threads_unanswered", "reactions", "gini", "top_tenth_share", "absence_factor", "retention_day_1",
    "retention_day_7", "retention_day_30", "retention_week_1", "retention_month_1", "activation_rate",
    "new_members", "referred", "revenue", "moderation_load", "topics_seeded", "warmup_uplift",
    "points_issued", "redemptions", "event_attendances", "checkins",
}  # fmt: skip
MONDAY, TUESDAY, NEXT_MONDAY = date(2024, 3, 4), date(2024, 3, 5), date(2024, 3, 11)


def test_the_promised_metrics_are_there_and_names_are_unique() -> None:
    assert BY_NAME.keys() >= PROMISED
    assert len(BY_NAME) == len(METRICS)


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_a_metric_has_title_unit_and_one_sentence_in_every_language(metric: Metric) -> None:
    for locale in LOCALES:
        assert metric.titles[locale]
        assert locale in UNITS[metric.unit]
        assert metric.definitions[locale][-1] in "。."
    assert metric.titles["zh-CN"] != metric.titles["en"]


def test_metrics_are_made_of_types_that_are_recorded_and_of_computations_that_exist() -> None:
    assert set(types_of(METRICS)) <= {contract.TYPE for contract in FACTS}
    called = {metric.how.name for metric in METRICS if isinstance(metric.how, Computed)}
    assert called == COMPUTATIONS.keys() == QUERIES.keys()


def test_a_formula_is_read_as_it_is_written() -> None:
    assert read_how("count(a.b) - sum(c[x y], bots)") == Sum(
        (Term("a.b"), Term("c", sign=-1, of="sum", bots=True, label="x y"))
    )
    assert read_how("share(a, b)") == Relation("share", "a", "b")
    assert read_how("retention(day, 30)") == Computed("retention", ("day", "30"))


@pytest.mark.parametrize("formula", ["", "count", "Count(a)", "sum(a) + sum(b)", "f(x); g(y)"])
def test_a_formula_that_says_nothing_is_refused(formula: str) -> None:
    with pytest.raises(BadMetric):
        read_how(formula)


def test_sums_subtract_what_was_taken_back_and_keep_bots_apart() -> None:
    tallies = [
        Tally(MONDAY, "checkin.recorded", False, "", 5, 20, 0),
        Tally(TUESDAY, "checkin.revoked", False, "", 2, 0, 0),
        Tally(TUESDAY, "message.posted", False, "question", 3, 100, 1),
        Tally(TUESDAY, "message.posted", False, "text", 4, 200, 1),
        Tally(TUESDAY, "message.posted", True, "text", 4, 80, 0),
        Tally(NEXT_MONDAY, "points.awarded", False, "message", 3, 14, 0),
        Tally(NEXT_MONDAY, "member.updated", False, "", 9, 0, 0),
    ]
    weeks = periods(span_of(MONDAY, NEXT_MONDAY), By.WEEK)
    found = {series.metric.name: (series.values, series.total) for series in sums(METRICS, weeks, tallies)}
    assert found["checkins"] == ((3, 0), 3)
    assert found["messages"] == ((7, 0), 7)
    assert found["questions"] == ((3, 0), 3)
    assert found["replies"] == ((2, 0), 2)
    assert found["bot_messages"] == ((4, 0), 4)
    assert found["points_issued"] == ((0, 14), 14)
    assert "active_members" not in found


def test_a_share_is_told_only_of_ten_or_more() -> None:
    metric = BY_NAME["reply_rate"]
    assert isinstance(metric.how, Relation)
    above = Series(BY_NAME["replies"], (3, 5, 0), 8)
    below = Series(BY_NAME["messages"], (9, 10, 0), 19)
    assert related(metric, metric.how, above, below) == Series(metric, (None, 50.0, None), 100 * 8 / 19)


def test_a_relation_brings_its_parts_along_first() -> None:
    names = [metric.name for metric in with_parts([BY_NAME["participation_rate"]])]
    assert names == ["active_members", "members", "participation_rate"]
