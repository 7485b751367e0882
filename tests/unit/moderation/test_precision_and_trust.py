"""When a rule falls back, whom reports trust, and which acts on a case are refused: the boundaries."""

from datetime import timedelta

import pytest

from services.moderation.domain.case_file import Act, CaseFile, Refused
from services.moderation.domain.precision import must_fall_back
from services.moderation.domain.reporting import Reporter, Standing
from tests.builders import NOON, at

WEEK = timedelta(days=7)
CASE = CaseFile(
    "c", "tea", "decision", "ann", "flood", 1, "open", 3, None, None, None, None, "", 0, None
)  # fmt: skip


@pytest.mark.parametrize(
    ("judged", "overturned", "falls"),
    [(9, 9, False), (10, 2, False), (10, 3, True), (50, 10, False), (50, 11, True)],
)
def test_more_than_a_fifth_of_ten_or_more_is_too_many(judged: int, overturned: int, falls: bool) -> None:
    assert must_fall_back(judged, overturned) is falls


@pytest.mark.parametrize(
    ("reporter", "is_trusted"),
    [
        (Reporter("a", NOON - WEEK), True),
        (Reporter("a", NOON - WEEK + timedelta(seconds=1)), False),
        (Reporter("a"), False),
        (Reporter("a", NOON - WEEK, judged=4, overturned=2), True),
        (Reporter("a", NOON - WEEK, judged=3, overturned=2), False),
        (Reporter("a", is_operator=True), True),
    ],
)
def test_who_is_trusted(reporter: Reporter, is_trusted: bool) -> None:
    assert reporter.is_trusted(NOON) is is_trusted


def test_each_reporter_counts_once() -> None:
    standing = Standing()
    for name in ("a", "b", "a"):
        standing = standing.reported_by(Reporter(name, at(days=-30)))
    assert standing.calls_operators()
    assert standing.trusted(NOON) == 2
    assert not standing.must_be_held(NOON)
    assert standing.reported_by(Reporter("c", at(days=-30))).must_be_held(NOON)


@pytest.mark.parametrize(
    ("case", "act", "version", "refused"),
    [
        (CASE, Act.VERDICT, 3, None),
        (CASE, Act.VERDICT, 2, Refused.STALE),
        (CASE, Act.RELEASE, 3, Refused.NOT_CLAIMED),
        (CASE._replace(claimed_by="op2"), Act.VERDICT, 3, Refused.CLAIMED),
        (CASE._replace(claimed_by="op2"), Act.NOTE, 3, None),
        (CASE._replace(claimed_by="op1"), Act.VERDICT, 3, None),
        (CASE._replace(open_appeal="a"), Act.VERDICT, 3, Refused.APPEALED),
        (CASE._replace(open_appeal="a"), Act.APPEAL, 3, None),
        (CASE._replace(state="resolved"), Act.VERDICT, 2, Refused.CLOSED),
        (CASE._replace(state="resolved"), Act.VERDICT, 3, None),
        (CASE._replace(state="resolved"), Act.CLAIM, 3, Refused.CLOSED),
    ],
)
def test_what_may_be_done_to_a_case(case: CaseFile, act: Act, version: int, refused: Refused | None) -> None:
    assert case.refusal(act, "op1", version) is refused
