"""Flooding: the boundaries of both limits, and that the order of arrival does not matter."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.moderation.domain.docket import Docket
from services.moderation.domain.message import Message
from services.moderation.domain.window import KEPT_US, RECENT_MAX, SECOND_US
from shared.text import fingerprint_all, normalise, similarity
from tests.moderation_desk import judge_posted

TEXTS = [
    "哈哈",
    "大家晚上好呀今天吃什么",
    "大家晚上好呀今天吃什么1",
    "大家晚上好呀今天吃什么12",
    "再见",
    "",
    "求解一道题",
]


def message(text: str, seconds: float, name: str, channel: str = "hall") -> Message:
    """One of ann's."""
    read = normalise(text)
    posted_us = round(seconds * SECOND_US) + 10**15
    return Message("tea", "ann", name, channel, posted_us, read, fingerprint_all([read.text])[0])


def removed(messages: Sequence[Message]) -> set[str]:
    """Ids of those that are taken away when they arrive in this order."""
    docket = Docket({})
    for number, each in enumerate(messages):
        judge_posted(docket, each, number)
    return {message_id for _, message_id in docket.removals}


def distinct(times: Sequence[float]) -> list[Message]:
    """Messages that are not alike."""
    texts = [chr(0x4E00 + 97 * n) * 9 for n in range(len(times))]
    return [message(text, at, f"m{n}") for n, (text, at) in enumerate(zip(texts, times, strict=True))]


def test_eight_messages_in_ten_seconds_are_let_be() -> None:
    assert removed(distinct([n * 1.2 for n in range(8)])) == set()


def test_the_ninth_takes_the_whole_burst_away() -> None:
    assert removed(distinct([n * 1.2 for n in range(9)])) == {f"m{n}" for n in range(9)}


def test_ten_seconds_are_half_open() -> None:
    assert removed(distinct([0, 1, 2, 3, 4, 5, 6, 7, 10])) == set()
    assert len(removed(distinct([0, 1, 2, 3, 4, 5, 6, 7, 9.999999]))) == 9


def test_a_burst_goes_on_with_its_next_message_and_ends_with_its_last() -> None:
    times = [*range(9), 9.5, 60]
    assert removed(distinct(times)) == {f"m{n}" for n in range(10)}


def test_channels_of_a_community_count_together() -> None:
    spread = [each._replace(channel_id=f"room{n % 3}") for n, each in enumerate(distinct(range(9)))]
    assert len(removed(spread)) == 9


@pytest.mark.parametrize(("times", "count"), [([0, 10, 29], 0), ([0, 10, 20, 29.9], 4), ([0, 10, 20, 30], 0)])
def test_the_fourth_of_the_same_in_thirty_seconds_takes_all_away(times: list[float], count: int) -> None:
    assert len(removed([message("一起来抢红包", at, f"m{n}") for n, at in enumerate(times)])) == count


def test_variants_count_as_the_same() -> None:
    texts = [
        "快来加入我们一起学习吧！",
        "快来加入我们一起学习吧！！",
        "快来加入我们一起学习吧~1",
        "快來加入我們一起學習吧",
    ]
    assert len(removed([message(text, n, f"m{n}") for n, text in enumerate(texts)])) == 4


def test_different_texts_between_them_stay() -> None:
    flood = [message("一起来抢红包", n * 5, f"same{n}") for n in range(4)]
    other = message("今晚分享会几点开始", 7, "other")
    assert removed([*flood[:2], other, *flood[2:]]) == {f"same{n}" for n in range(4)}


def test_pictures_without_words_are_not_the_same() -> None:
    assert removed([message("", n, f"m{n}") for n in range(8)]) == set()


def test_a_late_message_completes_the_burst_that_it_belongs_to() -> None:
    messages = distinct([*range(9), 60])
    late = messages[4]
    assert removed([*messages[:4], *messages[5:], late]) == {f"m{n}" for n in range(9)}


def test_a_message_between_two_variants_makes_them_one_burst() -> None:
    """`a` and `d` are not alike, but each is like what lies between."""
    texts = ["abcdefghijklmnopqrst", "abcdefghijklmnopqr--", "abcdefghijklmnopq---", "abcdefghijklmnop-+--"]
    chain = [message(text, n, f"m{n}") for n, text in enumerate(texts)]
    assert removed(chain) == removed([chain[0], chain[3], chain[1], chain[2]])


def test_the_same_message_twice_counts_once() -> None:
    assert removed([message("一起来抢红包", 0, "m0")] * 4) == set()


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_whatever_order_they_arrive_in_the_same_are_taken_away(data: st.DataObject) -> None:
    times = data.draw(st.lists(st.integers(0, 600), max_size=30))
    messages = [message(data.draw(st.sampled_from(TEXTS)), at / 10, f"m{n:02}") for n, at in enumerate(times)]
    shuffled = data.draw(st.permutations(messages))
    assert removed(messages) == removed(shuffled)


@settings(max_examples=50, deadline=None)
@given(st.data())
def test_exactly_the_windows_that_break_a_limit_are_taken_away(data: st.DataObject) -> None:
    """Against a plain reading of the rule: every window, every centre."""
    times = sorted(data.draw(st.lists(st.integers(0, 600), max_size=25)))
    messages = [message(data.draw(st.sampled_from(TEXTS)), at / 10, f"m{n:02}") for n, at in enumerate(times)]
    assert removed(messages) == _plainly(messages)


def _plainly(messages: Sequence[Message]) -> set[str]:
    gone: set[str] = set()
    for last in messages:
        rate = [m for m in messages if 0 <= last.posted_us - m.posted_us < 10 * SECOND_US]
        if len(rate) > 8:
            gone |= {m.message_id for m in rate}
        near = [m for m in messages if 0 <= last.posted_us - m.posted_us < 30 * SECOND_US]
        for centre in near:
            like = [m for m in near if m.text.text and similarity(m.fingerprint, centre.fingerprint) >= 0.85]
            if len(like) >= 4:
                gone |= {m.message_id for m in like}
    return gone


@given(st.lists(st.integers(0, 10**6), max_size=200))
@settings(max_examples=30, deadline=None)
def test_what_is_remembered_is_bounded(times: list[int]) -> None:
    docket = Docket({})
    for number, each in enumerate(distinct([at / 100 for at in times])):
        judge_posted(docket, each, number)
        recent = docket.windows["tea", "ann"].recent
        assert len(recent) <= RECENT_MAX
        assert recent[-1].posted_us - recent[0].posted_us < KEPT_US
        assert list(recent) == sorted(recent)


def test_a_thousand_of_the_same_are_all_taken_away() -> None:
    messages = [message("一起来抢红包", n / 50, f"m{n}") for n in range(1000)]
    assert len(removed(messages)) == 1000
