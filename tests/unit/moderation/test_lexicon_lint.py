"""What is wrong with word lists, and that the shipped ones are right."""

import pytest

from services.moderation.domain.lexicon import SEVERITIES, Entry
from services.moderation.domain.lexicon_lint import LintFinding, Problem, lint, refused
from services.moderation.domain.lexicon_shipped import known_good, listed, shipped
from shared.i18n import LOCALES, Catalogue
from tests.architecture.sources import REPOSITORY

GOOD = ["变废为宝的手工课", "他的书在桌上", "kill the process"]


def problems(*entries: Entry) -> list[tuple[int, Problem]]:
    return [(finding.entry, finding.problem) for finding in lint(entries, GOOD)]


def test_a_single_character_waits_for_an_operator() -> None:
    findings = lint([Entry("的", "abuse"), Entry("傻瓜", "abuse")], [])
    assert findings == [LintFinding(0, Problem.SINGLE_CHARACTER)]
    assert refused(findings) == {0}


def test_a_single_character_may_be_a_whole_message() -> None:
    assert problems(Entry("滚", "abuse", is_exact=True)) == []


def test_a_word_in_an_innocent_sentence_waits_and_the_sentence_is_shown() -> None:
    findings = lint([Entry("Kill", "abuse")], GOOD)
    assert findings == [LintFinding(0, Problem.HITS_KNOWN_GOOD, "kill the process")]
    assert findings[0].problem.is_refused


def test_a_good_word_of_the_list_excuses_the_sentence() -> None:
    assert problems(Entry("kill", "abuse"), Entry("kill the process", "abuse", is_allowed=True)) == []


def test_a_disguised_word_that_reads_like_another_is_a_duplicate() -> None:
    findings = lint(
        [Entry("傻瓜", "abuse"), Entry("傻 瓜", "spam"), Entry("ＸＹ", "a"), Entry("xy", "a")], GOOD
    )
    assert findings == [LintFinding(1, Problem.DUPLICATE, "傻瓜"), LintFinding(3, Problem.DUPLICATE, "ＸＹ")]
    assert refused(findings) == frozenset()


def test_a_word_that_reads_as_nothing_waits() -> None:
    assert problems(Entry("\u200b\u200d", "abuse"), Entry("！！", "abuse")) == [
        (0, Problem.READS_AS_NOTHING),
        (1, Problem.READS_AS_NOTHING),
    ]


def test_a_word_that_the_list_also_calls_good_waits() -> None:
    assert problems(Entry("傻瓜", "abuse"), Entry("傻瓜", "abuse", is_allowed=True)) == [
        (0, Problem.ALSO_ALLOWED)
    ]


def test_an_empty_list_is_fine() -> None:
    assert lint([], GOOD) == []


@pytest.mark.parametrize("problem", Problem)
def test_every_problem_has_its_sentence(problem: Problem) -> None:
    texts = Catalogue.load(REPOSITORY / "services" / "moderation" / "locale").texts
    assert all(f"lexicon.lint.{problem}" in texts[locale] for locale in LOCALES)


def test_there_are_enough_innocent_sentences() -> None:
    sentences = known_good()
    assert len(set(sentences)) == len(sentences) >= 300


@pytest.mark.parametrize("category", SEVERITIES)
def test_nothing_is_wrong_with_a_shipped_list(category: str) -> None:
    entries = shipped(category)
    shown = [(entries[each.entry].word, each.problem, each.detail) for each in lint(entries, known_good())]
    assert shown == []
    assert {entry.category for entry in entries} == {category}


def test_the_shipped_lists_together_hit_no_innocent_sentence() -> None:
    entries = [entry for category in SEVERITIES for entry in shipped(category)]
    broad = [each for each in lint(entries, known_good()) if each.problem is Problem.HITS_KNOWN_GOOD]
    assert broad == []


def test_a_list_that_is_not_shipped_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"no word list '\.\./secrets'"):
        shipped("../secrets")


def test_a_communitys_own_list_comes_before_a_shipped_one() -> None:
    own = {"abuse": (Entry("坏蛋", "abuse"),), "竞品": (Entry("甲牌", "竞品"),)}
    assert listed(["abuse", "竞品"], own) == (*own["abuse"], *own["竞品"])
    assert listed(["spam"], own) == shipped("spam")
    with pytest.raises(ValueError, match="no word list"):
        listed(["missing"], own)
