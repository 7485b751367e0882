"""Which words in a chat are an appeal or a report, and which only contain the word."""

import pytest

from services.moderation.domain.asking import Wish, asked


@pytest.mark.parametrize(
    ("text", "wish", "said"),
    [
        ("申诉", Wish.APPEAL, ""),
        (" 申诉！", Wish.APPEAL, ""),
        ("申诉：我没有发广告", Wish.APPEAL, "我没有发广告"),
        ("申诉 我没有发广告", Wish.APPEAL, "我没有发广告"),
        ("@小助手 申诉", Wish.APPEAL, ""),
        ("Appeal", Wish.APPEAL, ""),
        ("ＡＰＰＥＡＬ please", Wish.APPEAL, "please"),
        ("/appeal@hearth_bot it was a joke", Wish.APPEAL, "it was a joke"),
        ("举报", Wish.REPORT, ""),
        ("舉報，广告", Wish.REPORT, "广告"),
        ("/report", Wish.REPORT, ""),
        ("/report@hearth_bot", Wish.REPORT, ""),
    ],
)
def test_a_wish_is_heard(text: str, wish: Wish, said: str) -> None:
    heard = asked(text)
    assert heard is not None
    assert (heard.wish, heard.said) == (wish, said)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "申诉流程是什么",
        "我要申诉",
        "举报有奖",
        "appealing",
        "report",
        "a report",
        "/reports",
        "申",
        "@申诉",
        "@ @ @ @ 申诉",
    ],
)
def test_other_words_are_none(text: str) -> None:
    assert asked(text) is None


@pytest.mark.parametrize(
    ("text", "is_plain"), [("申诉", True), ("/appeal x", True), ("appeal to reason", False)]
)
def test_a_word_alone_or_a_command_expects_an_answer(text: str, is_plain: bool) -> None:
    heard = asked(text)
    assert heard is not None
    assert heard.is_plain is is_plain
