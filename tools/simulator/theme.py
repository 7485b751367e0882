"""What a theme of talk is made of."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random


def words(text: str) -> tuple[str, ...]:
    """The words of a text, apart: a bank of short ones is easier to read so."""
    return tuple(text.split())


@dataclass(frozen=True, slots=True, eq=False)
class Theme:
    """Phrases about one subject. `{word}` stands for one of the theme's words of that kind."""

    name: str
    channel_id: str
    openers: tuple[str, ...]
    remarks: tuple[str, ...]
    questions: tuple[str, ...]
    answers: tuple[str, ...]
    words: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def say(self, phrase: str, chance: Random) -> str:
        """The phrase with its words chosen."""
        chosen = {kind: chance.choice(choices) for kind, choices in self.words.items()}
        return phrase.format_map({**chosen, "n": chance.randint(2, 28)})

    @property
    def phrases(self) -> tuple[str, ...]:
        """All of them."""
        return (*self.openers, *self.remarks, *self.questions, *self.answers)
