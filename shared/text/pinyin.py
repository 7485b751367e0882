"""How a text sounds: toneless pinyin with a way back, for lexicon entries that match homophones.

Only entries that ask for it are looked up here: pypinyin's table takes 0.2 s and 56 MB at first use.
"""

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

_HAN_RANGES = (("〇", "〇"), ("\u3400", "\u4dbf"), ("\u4e00", "\u9fff"), ("\U00020000", "\U000323af"))


class Spoken(NamedTuple):
    """A normalised text as it sounds: `加v信` is `jiavxin`."""

    text: str
    """A syllable for each Han character (its usual reading, `lv` for 绿), everything else as it stands."""
    places: tuple[int, ...]
    """For each letter of `text`, which character of the normalised text it is of."""

    def span(self, start: int, end: int) -> tuple[int, int] | None:
        """Where `text[start:end]`, not empty, stands in the normalised text, as start and end.

        None where it cuts a syllable: `an` is not in 先 (`xian`).
        """
        first, last = self.places[start], self.places[end - 1]
        cuts_first = start > 0 and self.places[start - 1] == first
        cuts_last = end < len(self.places) and self.places[end] == last
        return None if cuts_first or cuts_last else (first, last + 1)


def spoken_all(texts: Sequence[str]) -> list[Spoken]:
    """Normalised texts as they sound; a lexicon entry goes the same way, so that 微信, 威信 and weixin
    are one.

    Each character is read alone, so that the same characters sound the same in every context: 西安 and 先
    are one here, and 重 is always `zhong`.
    """
    return [_spoken(text) for text in texts]


def _spoken(text: str) -> Spoken:
    sounds = [character if character.isascii() else _sound(character) for character in text]
    places = tuple(place for place, sound in enumerate(sounds) for _ in sound)
    return Spoken("".join(sounds), places)


@cache  # at most one for each code point
def _sound(character: str) -> str:
    if not any(first <= character <= last for first, last in _HAN_RANGES):
        return character
    from pypinyin import Style, lazy_pinyin  # here, since most processes never ask

    syllables = lazy_pinyin(character, style=Style.NORMAL, errors="default")
    return syllables[0] if syllables else character
