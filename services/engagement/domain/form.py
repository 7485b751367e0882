"""Forms (互动): polls, quizzes, surveys, ideas, and lotteries whose draw anyone can recompute."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Literal, NamedTuple

Kind = Literal["poll", "quiz", "survey", "lottery", "ideas"]
OPTIONS_MIN, OPTIONS_MAX = 2, 20
IDEA_KEPT = 300
ONE_EACH: frozenset[Kind] = frozenset({"poll", "quiz", "lottery"})
"""A later answer takes the place of an earlier one; ideas and surveys may have several."""


@dataclass(frozen=True, slots=True)
class Form:
    """An open question to a channel."""

    community_id: str
    form_id: str
    kind: Kind
    title: str
    channel_id: str
    options: tuple[str, ...]
    answer: int | None
    """Of a quiz, the number of the right option, from 1."""
    winners: int
    closes_at: datetime
    state: Literal["open", "closed", "cancelled"]
    seed: str | None
    seed_hash: str | None

    def takes(self, number: int) -> bool:
        """Whether an option of this number exists."""
        return 1 <= number <= len(self.options)


class Given(NamedTuple):
    """A member's answer."""

    member_id: str
    number: int
    text: str
    answered_at: datetime


def commit(seed: str) -> str:
    """What is published of a seed before anybody takes part: its SHA-256, in hexadecimal."""
    return sha256(seed.encode("utf-8")).hexdigest()


def ticket(seed: str, form_id: str, member_id: str) -> str:
    """An entrant's ticket: SHA-256 of seed, form and member, each after its length and a colon."""
    parts = "".join(f"{len(part.encode('utf-8'))}:{part}" for part in (seed, form_id, member_id))
    return sha256(parts.encode("utf-8")).hexdigest()


def draw(seed: str, form_id: str, entrants: Iterable[str], winners: int) -> list[tuple[str, str]]:
    """The smallest tickets win, in order, with their members.

    Who draws cannot choose: the seed is committed to before the first entrant; who enters cannot either,
    since the seed is not known then.
    """
    tickets = sorted((ticket(seed, form_id, name), name) for name in set(entrants))
    return [(name, number) for number, name in tickets[:winners]]


def tally(form: Form, given: Sequence[Given]) -> list[tuple[str, int]]:
    """Options with their votes, in their order; of ideas the texts with theirs, most first."""
    if form.kind == "ideas":
        ideas = [each for each in given if each.text]
        votes = Counter(each.number for each in given if not each.text)
        ordered = sorted(ideas, key=lambda each: (each.answered_at, each.member_id))
        counted = [(each.text, votes[-place]) for place, each in enumerate(ordered, 1)]
        return sorted(counted, key=lambda pair: -pair[1])
    votes = Counter(each.number for each in given)
    return [(option, votes[number]) for number, option in enumerate(form.options, 1)]


def right_answers(form: Form, given: Sequence[Given]) -> list[str]:
    """Who answered a quiz rightly, the quickest first."""
    right = [each for each in given if each.number == form.answer]
    return [each.member_id for each in sorted(right, key=lambda each: (each.answered_at, each.member_id))]
