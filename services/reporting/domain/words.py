"""What is said: words of a day, how far each is above its usual, and how friendly messages sound."""

import math
import tomllib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Set
from datetime import date
from pathlib import Path

from services.reporting.domain.report import WordRow

WORDS_A_DAY_MAX = 300
MESSAGES_MIN = 2
"""A word of one message alone is not kept: it says more about its author than about the community."""
HAN_FROM, HAN_TO = "\u3400", "\u9fff"
_LISTS = tomllib.loads(Path(__file__).with_name("word_lists.toml").read_text(encoding="utf-8"))
STOP_WORDS, FRIENDLY, UNFRIENDLY = (
    frozenset(_LISTS[name].split()) for name in ("stop", "friendly", "unfriendly")
)


def is_word(token: str) -> bool:
    """Whether it can be a theme: two Han characters, or three letters, and no word of grammar."""
    if token in STOP_WORDS:
        return False
    if HAN_FROM <= token[:1] <= HAN_TO:
        return len(token) >= 2
    return len(token) >= 3 and token.isalpha()


def mood_of(said: Set[str]) -> str | None:
    """`friendly`, `unfriendly` or nothing."""
    up, down = len(said & FRIENDLY), len(said & UNFRIENDLY)
    return None if up == down else "friendly" if up > down else "unfriendly"


class DayOfWords:
    """What the messages of one day say, counted by message."""

    def __init__(self, brands: Collection[str]) -> None:
        self._brands = [(brand, brand.lower()) for brand in brands]
        self._words: Counter[str] = Counter()
        self._others: Counter[tuple[str, str]] = Counter()

    def add(self, text: str, tokens: Iterable[str]) -> None:
        """One message, lower-case, and its segments."""
        said = set(tokens)
        self._words.update(said)
        if mood := mood_of(said):
            self._others["mood", mood] += 1
        for brand, folded in self._brands:
            if folded in text:
                self._others["brand", brand] += 1

    def kept(self) -> list[tuple[str, str, int]]:
        """Kind, word and messages: the words of several messages, brands and moods."""
        often = [each for each in self._words.items() if each[1] >= MESSAGES_MIN and is_word(each[0])]
        often.sort(key=lambda each: (-each[1], each[0]))
        words = [("word", word, count) for word, count in often[:WORDS_A_DAY_MAX]]
        return words + [(kind, word, count) for (kind, word), count in sorted(self._others.items())]


def keywords(now: Mapping[str, int], usual: Mapping[str, tuple[int, int]], days_before: int) -> list[WordRow]:
    """Words by TF-IDF against the community's own past, the heaviest first.

    Term frequency: messages of the period. Inverse document frequency (Spärck Jones 1972, smoothed): of the
    `days_before` days before, those on which the word was among the words kept; what was said every day
    weighs nothing. Where there is no past, messages alone weigh.
    """
    rows = []
    for word, messages in now.items():
        before, days = usual.get(word, (0, 0))
        rarity = math.log((1 + days_before) / (1 + days)) if days_before else 1.0
        rows.append(WordRow(word, messages, before, messages * rarity))
    heavy = [row for row in rows if row.weight > 0]
    return sorted(heavy, key=lambda row: (-row.weight, row.word))


def fallen(before: Mapping[str, int], now: Mapping[str, int]) -> list[WordRow]:
    """Words that were said often and now by less than half, the largest fall first."""
    rows = [
        WordRow(word, now.get(word, 0), count, count - now.get(word, 0)) for word, count in before.items()
    ]
    often = [row for row in rows if row.before >= 10 and row.messages < row.before / 2]
    return sorted(often, key=lambda row: (-row.weight, row.word))


def by_day(days: Mapping[date, DayOfWords], community_id: str) -> list[tuple[str, date, str, str, int]]:
    """Rows for the store, sorted by key."""
    return sorted((community_id, day, *told) for day, words in days.items() for told in words.kept())
