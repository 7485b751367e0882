"""Finds any of many words in a text in time that hardly depends on how many there are."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

PLACES_MAX = 50
"""Places in one text; further ones say nothing new."""
CHARACTERS_MIN = 2
CHARACTERS_MAX = 64
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Words:
    """Words of 2 to 64 characters, normalised. Two characters of a text say which lengths can begin there."""

    words: frozenset[str] = frozenset()
    lengths: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """By a word's first two characters, longest first."""

    @classmethod
    def of(cls, words: Iterable[str]) -> "Words":
        """An index of these."""
        known = frozenset(words)
        lengths: dict[str, set[int]] = {}
        for word in known:
            lengths.setdefault(word[:CHARACTERS_MIN], set()).add(len(word))
        return cls(known, {start: tuple(sorted(found, reverse=True)) for start, found in lengths.items()})

    def spans(self, text: str) -> list[Span]:
        """Where words stand, the longest at each place; one in Latin letters is not part of a longer one."""
        found: list[Span] = []
        for start in range(len(text) - 1 if self.words else 0):
            for length in self.lengths.get(text[start : start + CHARACTERS_MIN], ()):
                end = start + length
                if text[start:end] in self.words and not _is_cut(text, start) and not _is_cut(text, end):
                    found.append((start, end))
                    break
            if len(found) == PLACES_MAX:
                break
        return found


def _is_cut(text: str, place: int) -> bool:
    """Whether a Latin word or number goes on over this place."""
    return 0 < place < len(text) and _is_latin(text[place - 1]) and _is_latin(text[place])


def _is_latin(character: str) -> bool:
    return character.isascii() and character.isalnum()
