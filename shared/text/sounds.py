"""Words by their sound: what sounds like one of them, whatever it is written with."""

from collections.abc import Iterator, Sequence

import ahocorasick_rs

from shared.text.lexicon import Place, Word, is_spaced_letter
from shared.text.pinyin import Spoken, spoken_all

_BLANKS = str.maketrans("\n\t\r", "   ")


class SoundIndex:
    """An automaton over sounds; immutable. Words that are marked as allowed are ignored.

    Whole syllables count only, and Latin letters at the boundaries of a word only. Of matches that lie in one
    another the longest stays.
    """

    __slots__ = ("_automaton", "_words")

    def __init__(self, words: Sequence[Word]) -> None:
        numbered = [(number, word) for number, word in enumerate(words) if word.text and not word.is_allowed]
        sounds = spoken_all([word.text for _, word in numbered])
        self._words = tuple(numbered)
        self._automaton = ahocorasick_rs.AhoCorasick(
            [sound.text for sound in sounds],
            store_patterns=False,
            implementation=ahocorasick_rs.Implementation.ContiguousNFA,
        )

    def find(self, texts: Sequence[str]) -> list[Place]:
        """All matches by their place in the normalised text, in order of text and start."""
        if not self._words:
            return []
        plain = [text.translate(_BLANKS) for text in texts]
        spoken = zip(plain, spoken_all(plain), strict=True)
        return [place for number, each in enumerate(spoken) for place in self._in(number, *each)]

    def _in(self, number: int, text: str, spoken: Spoken) -> Iterator[Place]:
        found = self._automaton.find_matches_as_indexes(spoken.text, overlapping=True)
        places = [
            (*span, which)
            for which, first, last in found
            if (span := spoken.span(first, last)) and self._counts(text, which, *span)
        ]
        covered = 0
        for start, end, which in sorted(places, key=lambda each: (each[0], -each[1], each[2])):
            if end > covered:
                covered = end
                yield Place(number, self._words[which][0], start, end)

    def _counts(self, text: str, which: int, start: int, end: int) -> bool:
        if is_spaced_letter(text[start]) and start and is_spaced_letter(text[start - 1]):
            return False
        if is_spaced_letter(text[end - 1]) and end < len(text) and is_spaced_letter(text[end]):
            return False
        if not self._words[which][1].is_exact:
            return True
        return not any(character.isalnum() for character in text[:start] + text[end:])
