"""Who comes in by what they answer."""

import pytest

from services.moderation.domain.joining import JoinMode, JoinPolicy, Question, Verdict

ASKING = JoinPolicy(
    JoinMode.KEYWORDS, (Question("最喜欢什么茶？", ("白茶", "普洱")), Question("谁介绍您来的？"))
)
RIGHT = [("最喜欢什么茶？", "我喜欢白 茶"), ("谁介绍您来的？", "小安")]


@pytest.mark.parametrize(
    ("answers", "verdict"),
    [
        (RIGHT, Verdict.ACCEPTED),
        (RIGHT[::-1], Verdict.ACCEPTED),
        ([("", "普洱"), ("", "小安")], Verdict.ACCEPTED),
        ([("最喜欢什么茶？", "咖啡"), RIGHT[1]], Verdict.WAITING),
        ([RIGHT[0]], Verdict.WAITING),
        ([RIGHT[0], ("谁介绍您来的？", " ")], Verdict.WAITING),
        ([], Verdict.WAITING),
    ],
)
def test_right_answers_to_all_questions_let_in(answers: list[tuple[str, str]], verdict: Verdict) -> None:
    assert ASKING.judge(answers, ()) is verdict


def test_lists_stand_above_answers_and_denial_above_permission() -> None:
    assert ASKING.judge(RIGHT, {"deny"}) is Verdict.REFUSED
    assert ASKING.judge([], {"allow"}) is Verdict.ACCEPTED
    assert ASKING.judge(RIGHT, {"allow", "deny"}) is Verdict.REFUSED


def test_without_questions_nobody_comes_in_by_answers() -> None:
    assert JoinPolicy(JoinMode.KEYWORDS).judge([], ()) is Verdict.WAITING
    assert JoinPolicy().judge(RIGHT, ()) is Verdict.WAITING
    assert JoinPolicy(JoinMode.OPEN).judge([], ()) is Verdict.ACCEPTED
