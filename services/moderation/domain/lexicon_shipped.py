"""The word lists that are shipped, and the sentences that no word or pattern may hit."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from services.moderation.domain.lexicon import SEVERITIES, Entry, read_words
from services.moderation.domain.lexicon_import import import_list
from services.moderation.domain.message import Message
from shared.text import Word, WordIndex

_SHIPPED = Path(__file__).parents[1] / "lexicons"


@cache
def shipped(name: str) -> tuple[Entry, ...]:
    """The shipped list of a category, good words included. Raises ValueError where there is none."""
    if name not in SEVERITIES:
        raise ValueError(f"there is no word list {name!r}; there are {', '.join(SEVERITIES)}")
    imported = import_list((_SHIPPED / f"{name}.txt").read_bytes(), name)
    if imported.rejected:
        raise RuntimeError(f"{name}.txt, line {imported.rejected[0].line}: {imported.rejected[0].reason}")
    return imported.entries


@dataclass(slots=True)
class ShippedWords:
    """One pass over a batch for all rules that read shipped lists, since hardly a message holds any word."""

    index: WordIndex
    _batch: Sequence[Message] = ()
    _touched: tuple[int, ...] = ()

    def touched(self, messages: Sequence[Message]) -> tuple[int, ...]:
        """Which messages hold a word of any shipped list; remembered until another batch is asked about."""
        if messages is not self._batch:
            places = self.index.find([message.text.text for message in messages])
            self._touched = tuple(dict.fromkeys(place.text for place in places))
            self._batch = messages
        return self._touched


@cache
def shipped_words() -> ShippedWords:
    """All shipped words, the good ones left out, which forbid nothing by themselves."""
    entries = [entry for name in SEVERITIES for entry in shipped(name) if not entry.is_allowed]
    return ShippedWords(WordIndex([Word(word) for word in sorted(set(read_words(entries)))]))


def listed(names: Iterable[str], own: Mapping[str, Sequence[Entry]]) -> tuple[Entry, ...]:
    """The entries of all lists, a community's `own` before a shipped one; ValueError for an unknown name."""
    return tuple(entry for name in names for entry in (own[name] if name in own else shipped(name)))


@cache
def known_good() -> tuple[str, ...]:
    """Innocent sentences, shipped: a word or pattern that occurs in one is too broad."""
    lines = (_SHIPPED / "known_good.txt").read_text(encoding="utf-8").splitlines()
    return tuple(line for line in lines if line and not line.startswith("#"))
