"""Personal attacks (人身攻击): words of abuse that are aimed at somebody."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from services.moderation.domain.lexicon import ABUSE, Entry, Found, Lexicon
from services.moderation.domain.lexicon_shipped import listed, shipped_words
from services.moderation.domain.message import Match, Message
from services.moderation.domain.rules.kind import Kind, Resources
from services.moderation.domain.rules.lexicon import named, spans
from shared.text import Pattern

YOU = Pattern(r"你|您|妳|\b(?:you|your|you're|youre|ur|u|ya)\b")
SELF = Pattern(r"(?:我|俺)(?:就|才|也|还|真|真的)?是|\b(?:i am|i'm|im|i was|i feel like|my own|myself)\b")
NEAR_CHARACTERS = 12
"""Between 你 and the word of abuse."""
PLACES_MAX = 50
"""Of 你, of 我是 and of abuse that are compared in one text."""


@dataclass(frozen=True, slots=True)
class AttackParams:
    """What each sign adds to the score. Raises ValueError with what is wrong."""

    lists: tuple[str, ...] = (ABUSE,)
    word: float = 0.45
    """The heaviest word of abuse, times its weight."""
    aimed: float = 0.25
    """It answers or mentions another member."""
    near: float = 0.2
    """你 or you stands within NEAR_CHARACTERS."""
    further: float = 0.05
    """Each further word of abuse, three at most."""
    aimed_only: bool = False
    """Words without an answer, a mention or a 你 near are left to the lexicon rule."""

    def __post_init__(self) -> None:
        if not self.lists:
            raise ValueError("the rule on attacks names at least one word list")
        for name in ("word", "aimed", "near", "further"):
            value = getattr(self, name)
            if not 0 <= value <= 1:
                raise ValueError(f"`{name}` is {value}; it lies between 0 and 1")


@dataclass(frozen=True, slots=True)
class AttackRule:
    """A sum: `word` × weight + `aimed` + `near` + `further` × (words - 1), at most 1.

    Words beside 我是 or "i am" are about oneself and count for nothing.
    """

    params: AttackParams
    lexicon: Lexicon

    @classmethod
    def of(cls, params: AttackParams, entries: Iterable[Entry]) -> "AttackRule":
        """Compile with the entries of the lists that `params` names."""
        return cls(params, Lexicon.of(entries))

    def match(self, messages: Sequence[Message]) -> Mapping[int, Match]:
        """What it found, by index in the batch."""
        found = self.lexicon.find(messages)
        matches = ((index, self._match(messages[index], words)) for index, words in found.items())
        return {index: match for index, match in matches if match is not None}

    def _match(self, message: Message, found: Sequence[Found]) -> Match | None:
        text = message.text.text
        selves = list(SELF.spans(text, PLACES_MAX))
        words = [each for each in found[:PLACES_MAX] if not any(_precedes(place, each) for place in selves)]
        if not words:
            return None
        signs = []
        if _is_aimed(message):
            signs.append("aimed")
        addressed = list(YOU.spans(text, PLACES_MAX))
        if any(_is_near(place, each) for each in words for place in addressed):
            signs.append("near")
        if self.params.aimed_only and not signs:
            return None
        score = self.params.word * max(each.entry.weight for each in words)
        score += sum(self.params.aimed if sign == "aimed" else self.params.near for sign in signs)
        score += self.params.further * min(3, len(words) - 1)
        evidence = " + ".join([named(words), *signs])
        return Match(round(min(1.0, score), 3), spans(message.text, words), evidence)


def _is_aimed(message: Message) -> bool:
    """Whether it answers or names anybody but its author."""
    others = {message.reply_to_member, *message.mentions} - {None, message.member_id}
    return bool(others)


def _is_near(place: tuple[int, int], word: Found) -> bool:
    start, end = place
    return start <= word.end + NEAR_CHARACTERS and end >= word.start - NEAR_CHARACTERS


def _precedes(place: tuple[int, int], word: Found) -> bool:
    _, end = place
    return word.start - NEAR_CHARACTERS <= end <= word.start


@lru_cache(maxsize=64)
def _of_shipped(params: AttackParams) -> AttackRule:
    """Compiled once for all communities that ask for the same."""
    return AttackRule(params, Lexicon.of(listed(params.lists, {}), shipped_words().touched))


def _build(params: AttackParams, resources: Resources) -> AttackRule:
    if not resources.lists.names(params.lists):
        return _of_shipped(params)
    entries = listed(params.lists, resources.lists.entries)
    return AttackRule(params, Lexicon.of(entries, resources.lists.touched))


ATTACK = Kind("attack", AttackParams, _build)
