"""Two members who go at each other (争执): many mutual answers in which the abuse rises.

Only answers and mentions between the two count. The first heated one opens the pair's window; from then on
calm ones count too. A dispute is six messages or more within ten minutes, two or more from each side, whose
later half is not less abusive than the earlier one, with two heated messages or more and enough abuse on the
whole.

The abuse of a message, from 0 to 1, is the highest score of a finding about abuse in it (`is_about_abuse`,
whatever the rule's mode) or, where that is less, its heat: a plain sum of signs that people write in anger.
They are repeated exclamation marks, repeated question marks, 你 twice or more and in every fifth character or
denser (0.1 each), and negative words (0.4). A message is heated from 0.4 on: punctuation alone, which friends
use too, makes no dispute.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple

from services.moderation.domain.message import Message
from services.moderation.domain.mood import is_negative
from services.moderation.domain.policy import Rule

SECOND_US = 1_000_000
WINDOW_US = 600 * SECOND_US
QUIET_US = 3600 * SECOND_US
"""After a notice, this pair is told nothing for an hour."""
EXCHANGES_MIN = 6
EACH_MIN = 2
ABUSE_MEAN_MIN = 0.25
HEATED_FROM = 0.4
"""Abuse of a heated message; the first opens a window."""
HEATED_MIN = 2
KEPT_MAX = 40
RUDE_LISTS = frozenset({"abuse", "vulgarity", "incitement"})
"""Word lists of what is said to hurt; ads and unlawful trade hurt nobody in an argument."""
YOU_MIN = 2
YOU_SHARE_MIN = 0.2
SIGN = 0.1
NEGATIVE_WORDS = 0.4
_SHOUTING = ("!!", "！！", "!！", "！!")
_DOUBTING = ("??", "？？", "?？", "？?")

PairKey = tuple[str, str, str]
"""community_id and the two members, in the order of their ids."""


class Exchange(NamedTuple):
    """One message of a pair."""

    posted_us: int
    message_id: str
    is_firsts: bool
    """Written by the pair's first member, by the order of their ids."""
    abuse: float


@dataclass(frozen=True, slots=True)
class Pair:
    """The window of two members, in order of time, and when they were told last."""

    recent: tuple[Exchange, ...] = ()
    told_us: int | None = None

    def place(self, exchange: Exchange) -> "Pair":
        """With a message at its time; one that is there, is too late or opens nothing changes nothing."""
        if any(each.message_id == exchange.message_id for each in self.recent):
            return self
        newest_us = max((each.posted_us for each in self.recent), default=exchange.posted_us)
        oldest_us = max(newest_us, exchange.posted_us) - WINDOW_US
        if exchange.posted_us <= oldest_us:
            return self
        kept = [each for each in self.recent if each.posted_us > oldest_us]
        if not kept and exchange.abuse < HEATED_FROM:
            return replace(self, recent=()) if self.recent else self
        return replace(self, recent=tuple(sorted((*kept, exchange))[-KEPT_MAX:]))

    @property
    def is_dispute(self) -> bool:
        """Whether the two go at each other."""
        firsts = sum(each.is_firsts for each in self.recent)
        count = len(self.recent)
        if count < EXCHANGES_MIN or min(firsts, count - firsts) < EACH_MIN:
            return False
        if sum(each.abuse >= HEATED_FROM for each in self.recent) < HEATED_MIN:
            return False
        half = count // 2
        earlier = _mean(each.abuse for each in self.recent[:half])
        later = _mean(each.abuse for each in self.recent[-half:])
        return later >= earlier and self.abuse >= ABUSE_MEAN_MIN

    @property
    def abuse(self) -> float:
        """Mean abuse of the window's messages."""
        return _mean(each.abuse for each in self.recent)

    def tell(self, at_us: int) -> "Pair | None":
        """With a notice at this time, or None where the pair was told within the hour."""
        if self.told_us is not None and abs(at_us - self.told_us) < QUIET_US:
            return None
        return replace(self, told_us=at_us)


def is_about_abuse(rule: Rule) -> bool:
    """Whether its findings speak of the tone: attacks, and words of lists that hold nothing else.

    What is statistically like spam, or an ad, says nothing of how two members are with each other.
    """
    if rule.kind == "lexicon":
        return RUDE_LISTS.issuperset(getattr(rule.params, "lists", ()))
    return rule.kind == "attack"


def heat_of(message: Message) -> float:
    """How heated a message is by its signs alone, 0 to 1."""
    original, normalised = message.text.original, message.text.text
    count = original.count("你")  # drawn out, it is normalised to one
    signs = [
        any(marks in original for marks in _SHOUTING),
        any(marks in original for marks in _DOUBTING),
        count >= YOU_MIN and count >= YOU_SHARE_MIN * len(original),
    ]
    return SIGN * sum(signs) + (NEGATIVE_WORDS if is_negative(normalised) else 0.0)


def partners(message: Message) -> list[str]:
    """Whom a message answers or mentions, besides its author; a crowd of mentions is no quarrel."""
    others = {each for each in (message.reply_to_member, *message.mentions[:2]) if each}
    return sorted(others - {message.member_id})


def pair_of(community_id: str, one: str, other: str) -> PairKey:
    """The pair's key, whoever of the two speaks."""
    return (community_id, one, other) if one < other else (community_id, other, one)


def _mean(values: Iterable[float]) -> float:
    numbers = list(values)
    return sum(numbers) / len(numbers) if numbers else 0.0


NOTHING = Pair()
