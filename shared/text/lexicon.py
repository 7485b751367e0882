"""Many words at once: where any of a hundred thousand stands in a batch of normalised texts.

Aho and Corasick, Efficient string matching (1975), as the package ahocorasick_rs builds it.
"""

from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple

import ahocorasick_rs

_SEPARATOR = "\0"
"""Stands between texts; the normaliser leaves none in a text and `Word` none in a word."""
_BLANKS = ("\n", "\t", "\r")
DFA_CHARACTERS_MAX = 20_000
"""Up to here a table with a place for every byte in every state, twice as fast, fits into a few megabytes."""
_UNSEPARATED_FROM = "\u0e00"
"""From Thai on, scripts put no blanks between words, so that their letters bound nothing."""


class Word(NamedTuple):
    """A word to look for, normalised, with single blanks inside and none around."""

    text: str
    is_exact: bool = False
    """Counts only as the whole message, punctuation aside."""
    is_allowed: bool = False
    """Counts for nothing itself and swallows every match inside it."""


class Place(NamedTuple):
    """Where a word stands: `texts[text][start:end]`."""

    text: int
    word: int
    """The word's number."""
    start: int
    end: int


class WordIndex:
    """An automaton over words; immutable, about 100 bytes a word beside the words themselves; of few words
    600 bytes a character.

    A word that begins or ends with a letter or digit of a script that is written with blanks counts at
    the boundary of a word only; Han words count anywhere. Of matches that lie in one another the longest
    stays, an allowed one before another of the same length.
    """

    __slots__ = ("_automaton", "_words")

    def __init__(self, words: Sequence[Word]) -> None:
        """Words without text are ignored."""
        # An empty word would stand everywhere.
        numbered = [(number, word) for number, word in enumerate(words) if word.text]
        self._words = tuple(numbered)
        self._automaton = ahocorasick_rs.AhoCorasick(
            [word.text for _, word in numbered],
            store_patterns=False,
            implementation=(
                ahocorasick_rs.Implementation.DFA
                if sum(len(word.text) for _, word in numbered) <= DFA_CHARACTERS_MAX
                else ahocorasick_rs.Implementation.ContiguousNFA
            ),
        )

    def find(self, texts: Sequence[str]) -> list[Place]:
        """All matches, in order of text and start. Time is linear in the texts' length and the matches."""
        if not self._words or not texts:
            return []
        joined = _SEPARATOR.join(texts)
        for blank in _BLANKS:
            joined = joined.replace(blank, " ")
        found = self._automaton.find_matches_as_indexes(joined, overlapping=True)
        if not found:
            return []
        ends = list(accumulate(len(text) + 1 for text in texts))
        bounded = [each for each in found if self._counts(joined, *each)]
        bounded.sort(key=self._rank)
        return list(self._placed(bounded, ends))

    def _counts(self, joined: str, which: int, start: int, end: int) -> bool:
        """Whether the match stands at the boundaries that its word asks for."""
        if is_spaced_letter(joined[start]) and start and is_spaced_letter(joined[start - 1]):
            return False
        if is_spaced_letter(joined[end - 1]) and end < len(joined) and is_spaced_letter(joined[end]):
            return False
        return not self._words[which][1].is_exact or _is_alone(joined, start, end)

    def _rank(self, match: tuple[int, int, int]) -> tuple[int, int, bool, int]:
        which, start, end = match
        return start, -end, not self._words[which][1].is_allowed, which

    def _placed(self, matches: Sequence[tuple[int, int, int]], ends: Sequence[int]) -> Iterator[Place]:
        """The matches that no earlier, longer one covers, by their text."""
        covered, text = 0, 0
        for which, start, end in matches:
            if end <= covered:
                continue
            covered = end
            while ends[text] <= start:
                text += 1
            number, word = self._words[which]
            if not word.is_allowed:
                first = ends[text - 1] if text else 0
                yield Place(text, number, start - first, end - first)


def is_spaced_letter(character: str) -> bool:
    """Whether it belongs to a word of a script that puts blanks between words."""
    return character < _UNSEPARATED_FROM and (character.isalnum() or character == "_")


def _is_alone(joined: str, start: int, end: int) -> bool:
    """Whether nothing but punctuation and blanks shares the text with `joined[start:end]`."""
    return _is_bare(joined, range(end, len(joined))) and _is_bare(joined, range(start - 1, -1, -1))


def _is_bare(joined: str, places: range) -> bool:
    """Whether no letter or digit comes before the text's end; looks no further than the first."""
    for place in places:
        if joined[place] == _SEPARATOR:
            return True
        if joined[place].isalnum():
            return False
    return True
