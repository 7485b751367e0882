"""When a lane is stopped for what it sets aside."""

from shared.engine.breaker import Breaker
from shared.engine.settings import EngineSettings

SETTINGS = EngineSettings(breaker_row=5, breaker_window=100, breaker_share=0.1)


def ends(word: str, topic: str = "chat") -> list[tuple[str, bool]]:
    return [(topic, letter == "x") for letter in word]


def test_a_row_of_dead_letters_opens_it() -> None:
    assert not Breaker(SETTINGS).count(ends("xxxx.xxxx"))
    assert Breaker(SETTINGS).count(ends("xxxx.xxxxx"))


def test_a_share_of_the_window_opens_it_and_what_left_the_window_is_forgotten() -> None:
    breaker = Breaker(SETTINGS)
    assert not breaker.count(ends("x..." * 10))
    assert breaker.count(ends("x"))
    forgetful = Breaker(SETTINGS)
    assert not forgetful.count(ends("x..." * 10 + "." * 100 + "x..." * 10))


def test_it_opens_once() -> None:
    breaker = Breaker(SETTINGS)
    assert breaker.count(ends("xxxxx"))
    assert not breaker.count(ends("xxxxx"))
    assert breaker.is_open


def test_a_healthy_topic_does_not_hide_a_broken_one() -> None:
    mixed = [pair for _ in range(5) for pair in (("chat", True), ("progress", False))]
    assert Breaker(SETTINGS).count(mixed)
