"""The metrics' declarations, and the sums that are made of them."""

from datetime import date

import pytest

from services.reporting.domain.metric_registry import BY_NAME, METRICS, UNITS, DistinctMembers, Metric, Sum
from services.reporting.domain.periods import By, periods, span_of
from services.reporting.domain.series import Tally, sums, types_of
from services.reporting.handlers.read_facts import FACTS
from shared.i18n import LOCALES

PROMISED = {
    "messages", "active_members", "joins", "leaves", "checkins", "removals", "reactions", "points_issued"
}  # fmt: skip
MONDAY, TUESDAY, NEXT_MONDAY = date(2024, 3, 4), date(2024, 3, 5), date(2024, 3, 11)


def test_the_promised_metrics_are_there_and_names_are_unique() -> None:
    assert BY_NAME.keys() >= PROMISED
    assert len(BY_NAME) == len(METRICS)


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_a_metric_has_title_unit_and_one_sentence_in_every_language(metric: Metric) -> None:
    for locale in LOCALES:
        assert metric.titles[locale]
        assert UNITS[metric.unit][locale]
        assert (
            metric.definitions[locale].rstrip("。.") + metric.definitions[locale][-1]
            == metric.definitions[locale]
        )
        assert metric.definitions[locale][-1] in "。."
    assert metric.titles["zh-CN"] != metric.titles["en"]


def test_metrics_are_made_of_types_that_are_recorded() -> None:
    assert set(types_of(METRICS)) <= {contract.TYPE for contract in FACTS}


def test_how_a_metric_is_computed_can_be_read() -> None:
    assert str(BY_NAME["checkins"].how) == "count(checkin.recorded) -count(checkin.revoked)"
    assert str(BY_NAME["bot_messages"].how) == "count(message.posted, bots)"


def test_sums_subtract_what_was_taken_back_and_keep_bots_apart() -> None:
    tallies = [
        Tally(MONDAY, "checkin.recorded", False, 5, 20),
        Tally(TUESDAY, "checkin.revoked", False, 2, 0),
        Tally(TUESDAY, "message.posted", False, 7, 300),
        Tally(TUESDAY, "message.posted", True, 4, 80),
        Tally(NEXT_MONDAY, "points.awarded", False, 3, 14),
        Tally(NEXT_MONDAY, "member.updated", False, 9, 0),
    ]
    weeks = periods(span_of(MONDAY, NEXT_MONDAY), By.WEEK)
    found = {series.metric.name: (series.values, series.total) for series in sums(METRICS, weeks, tallies)}
    assert found["checkins"] == ((3, 0), 3)
    assert found["messages"] == ((7, 0), 7)
    assert found["bot_messages"] == ((4, 0), 4)
    assert found["points_issued"] == ((0, 14), 14)
    assert "active_members" not in found


def test_only_active_members_cannot_be_summed() -> None:
    distinct = [metric.name for metric in METRICS if isinstance(metric.how, DistinctMembers)]
    assert distinct == ["active_members"]
    assert all(isinstance(metric.how, Sum | DistinctMembers) for metric in METRICS)
