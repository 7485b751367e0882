"""What becomes of each code point: one table to look up, made once from Unicode's and OpenCC's data."""

import sys
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from shared.text.confusables import ENCLOSED_LETTERS, LOOK_ALIKES, RADICALS

CODE_POINTS = sys.maxunicode + 1
DROPPED = CODE_POINTS
"""Folded value of a character that carries no meaning of its own: format, zero-width, variation, accent."""
EXPANDED = CODE_POINTS + 1
"""Folded values from here on are numbers of expansions: characters that become several (`…`, `㎡`, `ﬁ`)."""

OTHER, HAN, SOFT, HARD = 0, 1, 2, 3
"""Kinds of folded characters. Soft noise (spaces, symbols, dashes) may hide inside a word; hard noise (the
punctuation of sentences, line ends) mostly stands between words."""
NO_DIGIT = 255

_HARD_NOISE = '\t\n\r,!?;:，。！？；：、「」『』《》【】()（）"“”'
_HAN_NUMERALS = {
    **dict(zip("〇一二三四五六七八九", range(10), strict=True)),
    **dict(zip("零壹贰叁肆伍陆柒捌玖", range(10), strict=True)),
    "两": 2,
    "弌": 1,
    "弍": 2,
    "弎": 3,
    "幺": 1,
}
_HAN_RANGES = ((0x3400, 0x4DC0), (0x4E00, 0xA000), (0x20000, 0x32000))
_ACCENT_RANGES = ((0x300, 0x370), (0x1AB0, 0x1B00), (0x1DC0, 0x1E00), (0x20D0, 0x2100), (0xFE20, 0xFE30))
_UNCHANGED_RANGES = ((0x3400, 0x4DC0), (0x4E00, 0xA000), (0xAC00, 0xD7A4), (0xE000, 0xF900))
_FOLDED_BELOW = 0x20000
_COMPATIBILITY_HAN = (0x2F800, 0x2FA20)
_DROPPED_CATEGORIES = ("Cf", "Me")
_FILLERS = "\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u3164\uffa0"
"""Letters and marks by their category, but nothing is seen of them."""
_ENCLOSED_CHARACTERS = len("(a)")
"""⒜ and ㈠ mean what stands in the brackets."""


@dataclass(frozen=True, slots=True)
class FoldingTable:
    """Arrays by code point."""

    folded: NDArray[np.uint32]
    """The folded code point, DROPPED, or EXPANDED + number of the expansion."""
    kind: NDArray[np.uint8]
    """OTHER, HAN, SOFT or HARD, of a folded character."""
    digit: NDArray[np.uint8]
    """0–9 of a folded character that can stand for a digit, else NO_DIGIT."""
    expansion_start: NDArray[np.int64]
    expansion_length: NDArray[np.int64]
    expansion_points: NDArray[np.uint32]
    """All expansions, end to end."""


@cache
def folding_table() -> FoldingTable:
    """The table, made at first use (about 0.2 s)."""
    simplified = _simplified()
    folded = np.arange(CODE_POINTS, dtype=np.uint32)
    for point, to in simplified.items():
        folded[point] = ord(to)
    expansions: list[str] = []
    for point in _changing_points():
        target = fold_character(chr(point), simplified)
        if len(target) == 1:
            folded[point] = ord(target)
        elif not target:
            folded[point] = DROPPED
        else:
            folded[point] = EXPANDED + len(expansions)
            expansions.append(target)
    folded[0xD800:0xE000] = DROPPED
    folded[0xE0000:0xE1000] = DROPPED  # tags and variation selectors
    lengths = np.array([len(each) for each in expansions], dtype=np.int64)
    starts = np.concatenate(([0], np.cumsum(lengths)[:-1]))
    points = np.frombuffer("".join(expansions).encode("utf-32-le"), dtype=np.uint32)
    return FoldingTable(folded, _kinds(), _digits(), starts, lengths, points)


def fold_character(character: str, simplified: dict[int, str]) -> str:
    """One character through the whole fold: compatibility form, case, accents, look-alikes, 繁→简."""
    category = unicodedata.category(character)
    if category in _DROPPED_CATEGORIES or character in _FILLERS:
        return ""
    if category == "Cc":
        return character if character in "\t\n\r" else ""
    digit = unicodedata.digit(character, None)
    if digit is not None:
        return str(digit)
    # Case twice: some compatibility forms are upper case, some lower-case forms decompose further.
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", character).casefold()).casefold()
    if len(plain) == _ENCLOSED_CHARACTERS and plain[0] == "(" and plain[2] == ")":
        plain = plain[1]
    return "".join(_fold_part(part, simplified) for part in plain)


def _fold_part(part: str, simplified: dict[int, str]) -> str:
    if part <= "\x7f":
        return part
    if _is_accent(part) or part in _FILLERS or unicodedata.category(part) in _DROPPED_CATEGORIES:
        return ""
    look_alike = _LOOK_ALIKES.get(part)
    if look_alike:
        return look_alike
    if part < "\u0530" or "Ḁ" <= part <= "῿":  # Latin, Greek and Cyrillic: the letter without its accents
        part = "".join(each for each in unicodedata.normalize("NFD", part) if not _is_accent(each))
        part = "".join(_LOOK_ALIKES.get(each, each) for each in part)
    if unicodedata.category(part[:1] or " ")[0] == "Z":
        return " "
    return simplified.get(ord(part), part) if len(part) == 1 else part


def _is_accent(character: str) -> bool:
    point = ord(character)
    return any(start <= point < end for start, end in _ACCENT_RANGES) or 0xFE00 <= point <= 0xFE0F


def _look_alikes() -> dict[str, str]:
    table = {letter.casefold(): latin for letter, latin in LOOK_ALIKES} | RADICALS
    for first in ENCLOSED_LETTERS:
        table.update({chr(first + n): chr(ord("a") + n) for n in range(26)})
    return table


_LOOK_ALIKES = _look_alikes()


def _changing_points() -> Iterator[int]:
    """Code points that the fold may change; the great blocks that it never does are left out for speed."""
    skipped = np.zeros(_FOLDED_BELOW, dtype=bool)
    for start, end in (*_UNCHANGED_RANGES, (0xD800, 0xE000), (0x12000, 0x16A00), (0x17000, 0x1BC00)):
        skipped[start:end] = True
    yield from np.flatnonzero(~skipped).tolist()
    yield from range(*_COMPATIBILITY_HAN)


def _simplified() -> dict[int, str]:
    """Traditional to simplified characters, from OpenCC's data; of several the first, its usual form."""
    data = files("opencc").joinpath("dictionary", "TSCharacters.txt").read_text(encoding="utf-8")
    pairs = (line.split("\t") for line in data.splitlines() if "\t" in line)
    return {ord(traditional): forms.split()[0] for traditional, forms in pairs if len(traditional) == 1}


def _kinds() -> NDArray[np.uint8]:
    kind = np.zeros(CODE_POINTS, dtype=np.uint8)
    for point in range(0x10000):
        if unicodedata.category(chr(point))[0] in "ZSP":
            kind[point] = SOFT
    kind[0x1F000:0x1FB00] = SOFT
    for start, end in _HAN_RANGES:
        kind[start:end] = HAN
    kind[ord("〇")] = HAN
    for character in _HARD_NOISE:
        kind[ord(character)] = HARD
    for character in "@%+":  # `+微信` and `@微信` say something
        kind[ord(character)] = OTHER
    return kind


def _digits() -> NDArray[np.uint8]:
    digit = np.full(CODE_POINTS, NO_DIGIT, dtype=np.uint8)
    digit[ord("0") : ord("9") + 1] = range(10)
    for character, value in _HAN_NUMERALS.items():
        digit[ord(character)] = value
    return digit
