"""One pass over a batch for all rules that read the same lists, since hardly a message holds any word."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from services.moderation.domain.lexicon import Entry, read_words
from services.moderation.domain.message import Message
from shared.text import SoundIndex, Word, WordIndex


@dataclass(slots=True)
class SharedWords:
    """Words of several lists, the good ones left out, which forbid nothing by themselves."""

    words: WordIndex
    sounds: SoundIndex | None
    """Of entries that ask for their homophones."""
    _last: tuple[Sequence[Message], tuple[int, ...]] = ((), ())
    """A batch and its answer, set as one: threads ask about other batches."""

    @classmethod
    def of(cls, entries: Iterable[Entry]) -> "SharedWords":
        """Compile."""
        bad = [entry for entry in entries if not entry.is_allowed]
        read = read_words(bad)
        asking = {word for entry, word in zip(bad, read, strict=True) if entry.asks_pinyin}
        return cls(
            WordIndex([Word(word) for word in sorted(set(read))]),
            SoundIndex([Word(word) for word in sorted(asking)]) if asking else None,
        )

    def touched(self, messages: Sequence[Message]) -> tuple[int, ...]:
        """Which messages, in their order, hold a word of any list; known until another batch is asked."""
        batch, numbers = self._last
        if batch is not messages:
            texts = [message.text.text for message in messages]
            found = {place.text for place in self.words.find(texts)}
            if self.sounds:
                found |= {place.text for place in self.sounds.find(texts)}
            numbers = tuple(sorted(found))
            self._last = messages, numbers
        return numbers
