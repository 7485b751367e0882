"""The choice of topics, attention, and what warm-ups are worth."""

from collections import Counter
from datetime import UTC, datetime, time, timedelta
from random import Random

import pytest

from services.engagement.domain.attention import PostKind, Quiet, rule
from services.engagement.domain.draw import is_held_out
from services.engagement.domain.introduction import is_introduction
from services.engagement.domain.question import is_question
from services.engagement.domain.topic import FAILURES_MAX, Seeding, Topic, choose
from services.engagement.domain.uplift import Outcome, uplift

NOW = datetime(2024, 3, 5, 4, 0, tzinfo=UTC)
QUIET = Quiet(time(22), time(9), "Asia/Shanghai")


def topic(name: str, **more: object) -> Topic:
    return Topic("tea", name, name, **more)  # type: ignore[arg-type]


def test_what_is_answered_more_is_drawn_more_and_nothing_is_never_drawn() -> None:
    bank = [topic("good", seeded=20, answered=18), topic("bad", seeded=20, answered=2), topic("new")]
    chance = Random(7)
    drawn = Counter(found.topic_id for _ in range(1000) if (found := choose(bank, (), NOW, chance)))
    assert drawn["good"] > 600
    assert drawn["new"] > 50
    assert drawn["bad"] < drawn["new"]


def test_the_same_chance_draws_the_same_whatever_the_order() -> None:
    bank = [topic(name) for name in "abcdef"]
    assert choose(bank, (), NOW, Random(3)) == choose(bank[::-1], (), NOW, Random(3))


def test_topics_and_tags_rest() -> None:
    bank = [topic("tea", tags=("drink",)), topic("hill", tags=("walk",)), topic("gone", state="retired")]
    heard = [Seeding("tea", NOW - timedelta(days=1), ("drink",))]
    assert {choose(bank, heard, NOW, Random(n)).topic_id for n in range(20)} == {"hill"}  # type: ignore[union-attr]
    rested = [Seeding("tea", NOW - timedelta(days=15), ("drink",))]
    assert {choose(bank, rested, NOW, Random(n)).topic_id for n in range(20)} == {"tea", "hill"}  # type: ignore[union-attr]


def test_a_topic_that_keeps_failing_retires() -> None:
    known = topic("t")
    for _ in range(FAILURES_MAX - 1):
        known = known.seed(NOW).measure(0, 0)
    assert known.state == "active"
    assert known.measure(0, 0).state == "retired"
    assert known.measure(3, 2).measure(0, 0).state == "active"


@pytest.mark.parametrize(
    ("hour", "sent", "kind", "sends", "reason"),
    [
        (4, 0, PostKind.WARMUP, True, None),
        (4, 4, PostKind.WARMUP, False, "budget"),
        (4, 4, PostKind.ANNOUNCEMENT, True, None),
        (4, 8, PostKind.ANNOUNCEMENT, False, "budget"),
        (15, 0, PostKind.ANNOUNCEMENT, False, "quiet_hours"),
        (15, 99, PostKind.SESSION, True, None),
    ],
)
def test_what_matters_more_is_said_longer(
    hour: int, sent: int, kind: PostKind, sends: bool, reason: str | None
) -> None:
    now = NOW.replace(hour=hour)
    ruling = rule(kind, now, sent, QUIET, now + timedelta(hours=24), 8)
    assert (ruling.sends, ruling.reason) == (sends, reason)
    if not sends:
        assert ruling.again_at is not None
        assert not QUIET.holds(ruling.again_at)


def test_about_a_tenth_is_held_out_and_always_the_same() -> None:
    names = [f"spell-{number}" for number in range(5000)]
    held = [name for name in names if is_held_out(name, 0.1)]
    assert 400 < len(held) < 600
    assert held == [name for name in names if is_held_out(name, 0.1)]


def test_an_uplift_is_claimed_with_its_interval_and_not_of_few() -> None:
    sent = [Outcome(3 + number % 3, 2, 1.0) for number in range(60)]
    held = [Outcome(number % 2, 1, 1.0) for number in range(20)]
    worth = uplift(sent, held)
    assert worth.messages == pytest.approx(3.5)
    assert worth.messages_interval is not None
    assert worth.messages_interval.low > 3.0
    assert worth.revived_interval is not None
    assert worth.revived_interval.low > 0.2
    assert uplift(sent, held[:5]).messages_interval is None
    assert uplift(sent, []).messages is None


@pytest.mark.parametrize(
    "text",
    [
        "请问怎么报名？",
        "有没有人一起去爬山",
        "这个可以退吗",
        "How do I join?",
        "谁知道地铁几点停",
        "怎么改昵称",
    ],
)
def test_questions(text: str) -> None:
    assert is_question(text)


@pytest.mark.parametrize(
    "text",
    ["无论如何都要去", "今天不错", "看这个 https://x.y/?a=1", "?", "`a ? b : c`", "a = ?", "好的"],
)
def test_what_is_no_question(text: str) -> None:
    assert not is_question(text)


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("大家好，我是新来的小王，做设计的", True), ("昵称：小王 \n城市：杭州", True), ("我是", False),
        ("Hi all, I'm Ann and I bake bread", True), ("大家好", False),
        ("我是不是来晚了，大家都到了吗？", False),
    ],
)  # fmt: skip
def test_introductions(text: str, is_one: bool) -> None:
    assert is_introduction(text) is is_one
