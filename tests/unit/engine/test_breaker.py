"""When a lane is stopped for what it sets aside."""

from itertools import groupby

from shared.engine.breaker import Breaker, runs_of
from shared.engine.settings import EngineSettings

SETTINGS = EngineSettings(breaker_row=5, breaker_window=100, breaker_share=0.1)


def runs(word: str) -> list[tuple[int, bool]]:
    return [(len(list(group)), letter == "x") for letter, group in groupby(word)]


def test_a_row_of_dead_letters_opens_it() -> None:
    assert not Breaker(SETTINGS).count("chat", runs("xxxx.xxxx"))
    assert Breaker(SETTINGS).count("chat", runs("xxxx.xxxxx"))


def test_a_row_may_span_batches() -> None:
    breaker = Breaker(SETTINGS)
    assert not breaker.count("chat", runs("..xxx"))
    assert breaker.count("chat", runs("xx.."))


def test_a_share_of_the_window_opens_it_and_what_left_the_window_is_forgotten() -> None:
    breaker = Breaker(SETTINGS)
    assert not breaker.count("chat", runs("x..." * 10))
    assert breaker.count("chat", runs("x"))
    forgetful = Breaker(SETTINGS)
    assert not forgetful.count("chat", runs("x..." * 10 + "." * 100 + "x..." * 10))


def test_it_opens_once() -> None:
    breaker = Breaker(SETTINGS)
    assert breaker.count("chat", runs("xxxxx"))
    assert not breaker.count("chat", runs("xxxxx"))
    assert breaker.is_open


def test_a_healthy_topic_does_not_hide_a_broken_one() -> None:
    breaker = Breaker(SETTINGS)
    opened = [
        breaker.count(topic, runs(word))
        for _ in range(5)
        for topic, word in (("chat", "x"), ("progress", "."))
    ]
    assert opened.count(True) == 1


def test_offsets_become_runs() -> None:
    assert runs_of([5, 6, 7, 8, 9], frozenset()) == [(5, False)]
    assert runs_of([5, 6, 7, 8, 9], frozenset({6, 7})) == [(1, False), (2, True), (2, False)]
