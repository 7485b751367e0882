"""Word lists that a community made itself (自建词库), ready for the rules that name them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from services.moderation.domain.lexicon import Entry
from services.moderation.domain.lexicon_shipped import shipped_words
from services.moderation.domain.message import Message
from services.moderation.domain.shared_words import SharedWords

WORDS_MAX = 100_000
"""Of all lists of a community together."""
LISTS_MAX = 50


@dataclass(frozen=True, slots=True)
class OwnLists:
    """Lists by name; one stands before a shipped one of the same name."""

    entries: Mapping[str, Sequence[Entry]]
    words: SharedWords

    @classmethod
    def of(cls, entries: Mapping[str, Sequence[Entry]]) -> "OwnLists":
        """Compile; hundreds of milliseconds for a large list."""
        return cls(entries, SharedWords.of(entry for each in entries.values() for entry in each))

    @property
    def size(self) -> int:
        """Words of all lists."""
        return sum(map(len, self.entries.values()))

    def names(self, lists: Collection[str]) -> bool:
        """Whether any of these is the community's own."""
        return not self.entries.keys().isdisjoint(lists)

    def touched(self, messages: Sequence[Message]) -> Sequence[int]:
        """Which messages may hold a word of any list, own or shipped: one pass each for all rules."""
        return sorted({*self.words.touched(messages), *shipped_words().touched(messages)})


NO_LISTS = OwnLists.of({})
