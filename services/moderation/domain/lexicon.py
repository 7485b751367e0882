"""Lexicons: words by category, compiled for looking up."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2s
from types import MappingProxyType
from typing import NamedTuple

from services.moderation.domain.message import Message
from shared.text import Place, SoundIndex, Word, WordIndex, normalise_all

WORD_CHARACTERS_MAX = 64
WORDS_MAX = 200_000
"""Of one rule, all its lists together."""
ABUSE = "abuse"
SEVERITIES: Mapping[str, float] = MappingProxyType(
    {"abuse": 0.6, "vulgarity": 0.4, "illegal": 0.7, "incitement": 0.7, "spam": 0.5}
)
"""0 to 1 by category: how grave a word of weight 1 is. The categories of the shipped lists."""
SEVERITY_OTHERWISE = 0.5
"""Of a category that an operator made."""


Touched = Callable[[Sequence[Message]], Sequence[int]]


@dataclass(frozen=True, slots=True)
class Entry:
    """One word of a list as an operator wrote it."""

    word: str
    category: str
    weight: float = 1.0
    """Times the severity of its category; 0 to 1."""
    asks_pinyin: bool = False
    """Homophones count too."""
    is_exact: bool = False
    """Counts only as the whole message, punctuation aside."""
    is_allowed: bool = False
    """A good word: whatever stands inside it counts for nothing."""
    line: int = 0
    """Where it stands in its file."""

    @property
    def id(self) -> str:
        """Names the entry in evidence, which never shows words; the same in every list and for ever."""
        return blake2s(self.word.encode("utf-8", "surrogatepass"), digest_size=4).hexdigest()


class Found(NamedTuple):
    """A word of a lexicon in a message."""

    entry: Entry
    start: int
    """In the normalised text, as `end`."""
    end: int


class Sounds(NamedTuple):
    """Homophones of the entries that ask for them."""

    asked: SoundIndex
    good: WordIndex
    """Good words as they are written: what lies in one is none, however it sounds."""

    @classmethod
    def of(cls, entries: Sequence[Entry], words: Sequence[Word]) -> "Sounds | None":
        """Of entries and how they read; nothing where none asks."""
        if not any(entry.asks_pinyin for entry in entries):
            return None
        asking = [word if entry.asks_pinyin else Word("") for entry, word in zip(entries, words, strict=True)]
        good = [Word(word.text, word.is_exact) for word in words if word.is_allowed]
        return cls(SoundIndex(asking), WordIndex(good))

    def find(self, texts: Sequence[str], written: Sequence[Place]) -> list[Place]:
        """What only sounds like an entry: nothing that is `written` or good."""
        heard = self.asked.find(texts)
        known = [*written, *self.good.find(texts)] if heard else []
        return [each for each in heard if not any(_meet(each, other) for other in known)]


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Entries, and the automaton that finds them."""

    entries: tuple[Entry, ...]
    index: WordIndex
    touched: Touched | None = None
    """Gives the messages of a batch, by index, that may hold a word; None: all may."""
    sounds: Sounds | None = None
    """Where entries ask for their homophones."""

    @classmethod
    def of(cls, entries: Iterable[Entry], touched: Touched | None = None) -> "Lexicon":
        """Compile; of entries that read the same the allowed one stays, else the heaviest, else the first.

        Raises ValueError when there are more than WORDS_MAX.
        """
        listed = tuple(entries)
        if len(listed) > WORDS_MAX:
            raise ValueError(f"{len(listed)} words are too many for one rule: {WORDS_MAX} at most")
        best: dict[tuple[str, bool], Entry] = {}
        for entry, key in zip(listed, read_words(listed), strict=True):
            place = (key, entry.is_exact)
            if place not in best or _precedence(entry) > _precedence(best[place]):
                best[place] = entry
        words = [Word(key, is_exact, entry.is_allowed) for (key, is_exact), entry in best.items()]
        return cls(tuple(best.values()), WordIndex(words), touched, Sounds.of(tuple(best.values()), words))

    def find(self, messages: Sequence[Message]) -> dict[int, list[Found]]:
        """The words of each message that holds any, by its index in the batch, from left to right."""
        numbers = self.touched(messages) if self.touched else range(len(messages))
        texts = [messages[number].text.text for number in numbers]
        places = self.index.find(texts)
        if self.sounds:
            places = sorted([*places, *self.sounds.find(texts, places)], key=lambda each: each[0::2])
        found: dict[int, list[Found]] = {}
        for place in places:
            word = Found(self.entries[place.word], place.start, place.end)
            found.setdefault(numbers[place.text], []).append(word)
        return found


def _meet(one: Place, other: Place) -> bool:
    return one.text == other.text and one.start < other.end and other.start < one.end


def _precedence(entry: Entry) -> tuple[bool, float]:
    return entry.is_allowed, entry.weight


def read_words(entries: Sequence[Entry]) -> list[str]:
    """Each entry as rules read texts: normalised, single blanks inside, none around; maybe nothing."""
    return [" ".join(read.text.split()) for read in normalise_all([entry.word for entry in entries])]
