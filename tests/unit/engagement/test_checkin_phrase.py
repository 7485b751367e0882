"""Which messages check in, on both sides of every rule."""

import pytest

from services.engagement.domain.phrase import is_checkin

CHECKS_IN = [
    # the keywords, in any case and width
    "签到",
    "簽到",
    "打卡",
    "check in",
    "checkin",
    "check-in",
    "CHECK IN",
    "Check-In",
    "ｃｈｅｃｋ　ｉｎ",
    "check‑in",
    "打 卡",
    "打卡打卡",
    # what may stand before
    "  打卡",
    "　签到　",
    "\ufeff签到",
    "\u200b打卡",
    "#打卡",
    "＃签到",
    "#打卡# 今天",
    "【打卡】第3天",
    "/签到",
    "✅打卡",
    "🌞 打卡",
    "@小助手 打卡",
    "@bot 签到",
    "@小助手\u2005打卡",
    "<@123> 打卡",
    "<@123>打卡",
    "@**Check Bot** 打卡",
    "@a @b 打卡",
    # what may stand behind
    "打卡 读完第三章",
    "打卡\n读完第三章",
    "打卡！",
    "打卡。",
    "打卡✅",
    "打卡，今天读了20页",
    "打卡：读完",
    "打卡-第3天",
    "打卡+1",
    "打卡了",
    "打卡啦～",
    "打卡成功",
    "签到了！",
    "打卡3",
    "打卡第3天",
    "打卡第三天",
    "打卡day3",
    "打卡 Day 12",
    "check in: read chapter 3",
    "check in:read",
    "check in finished chapter 3",
    "check-in day 3",
    "checkin 20 pages",
    "Check in!",
    "check in - read 20 pages",
    "打卡，大家今天读了吗？",
]
DOES_NOT = [
    "",
    " ",
    "hello",
    "🎉🎉🎉",
    "@小助手",
    "@",
    "@@@",
    "签",
    "打",
    "check",
    "ch",
    # a word before
    "我忘了打卡",
    "请打卡",
    "不打卡",
    "今天打卡了",
    "please check in",
    # another word
    "签到功能坏了",
    "打卡机坏了",
    "签到在哪里",
    "打卡率",
    "签到表",
    "打卡地推荐",
    "打卡APP推荐",
    "签到app坏了",
    "打卡了吗",
    "打卡吗",
    "打卡第二章怎么读",
    "checking",
    "Check instances of",
    "check inside",
    "!checkinstall",
    "checkin.py",
    "check-in-desk",
    "check-in's",
    "checkin_count",
    # spoken about, asked, listed
    "“打卡”是什么",
    "「打卡」怎么用",
    "《打卡》",
    "`打卡`",
    "> 打卡",
    "打卡？",
    "打卡 ?",
    "check in?",
    "签到/打卡都行",
    "签到、打卡都行",
    "check in with Bob",
    "check-in is broken",
    "check in the code",
    "checkin does not work",
    "checkin -m fix",
    # a call to others
    "@所有人 打卡",
    "@全体成员 打卡",
    "@all 打卡",
    "@everyone check in",
]


@pytest.mark.parametrize("text", CHECKS_IN)
def test_a_message_that_begins_with_the_keyword_checks_in(text: str) -> None:
    assert is_checkin(text)


@pytest.mark.parametrize("text", DOES_NOT)
def test_a_message_that_only_speaks_of_it_does_not(text: str) -> None:
    assert not is_checkin(text)


def test_the_longest_permitted_opening_still_counts_and_a_longer_one_does_not() -> None:
    assert is_checkin("!" * 16 + "打卡")
    assert not is_checkin("!" * 17 + "打卡")
    assert is_checkin("@a " * 3 + "打卡")
    assert not is_checkin("@a " * 4 + "打卡")


@pytest.mark.parametrize("opening", [" ", "@", "!@a ", "@**a", "<@", "@a ", "打", "check ", "打 "])
def test_no_text_is_too_long_or_too_nested_to_be_judged(opening: str) -> None:
    assert not is_checkin(opening * 30_000)
