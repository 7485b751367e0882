"""The bars: nearly all evasions are found, of ordinary talk next to nothing, every disguise is read."""

from collections.abc import Callable

import pytest

from services.moderation.domain.rules.contact_ad import ContactAd
from shared.text import normalise
from tests.moderation_corpus import read_corpus, read_disguises
from tests.quality import corpora
from tests.quality.figures import Report

EVASIONS_MIN = 350
DISGUISES_MIN = 110
INNOCENT_MIN = 300
FOUND_SHARE_MIN = 0.95
FLAGGED_SHARE_MAX = 0.01

RULE = ContactAd()


def is_found(text: str) -> bool:
    """Whether the rule takes the text for an ad."""
    return RULE.judge(normalise(text)) is not None


def test_the_corpora_are_large_enough_to_mean_something() -> None:
    assert len(set(read_corpus("evasions"))) >= EVASIONS_MIN
    assert len(set(read_disguises())) >= DISGUISES_MIN
    assert len(set(read_corpus("innocent"))) >= INNOCENT_MIN


def test_hardly_an_evasion_is_missed() -> None:
    texts = read_corpus("evasions")
    missed = [text for text in texts if not is_found(text)]
    print(f"{len(texts) - len(missed)} of {len(texts)} evasions found, missed: {missed}")
    assert len(missed) <= len(texts) * (1 - FOUND_SHARE_MIN), missed


def test_hardly_any_ordinary_talk_is_taken_for_an_ad() -> None:
    texts = read_corpus("innocent")
    flagged = [text for text in texts if is_found(text)]
    print(f"{len(flagged)} of {len(texts)} innocent texts flagged: {flagged}")
    assert len(flagged) <= len(texts) * FLAGGED_SHARE_MAX, flagged


@pytest.mark.parametrize(("written", "plain"), read_disguises())
def test_a_disguised_word_is_read_as_its_plain_form(written: str, plain: str) -> None:
    assert normalise(written).text == plain


@pytest.mark.parametrize("measure", [corpora.evasions, corpora.innocent])
def test_all_shipped_rules_together_reach_the_bars_of_the_corpora(measure: Callable[[], Report]) -> None:
    report = measure()
    assert all(each.is_met for each in report.figures), report
