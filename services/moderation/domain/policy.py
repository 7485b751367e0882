"""A community's rules as data: which there are, how strict each is, where it applies, and the ladder.

Every rule has its own version, which counts the changes that let it judge differently; the policy's version
counts the changes of the whole.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from itertools import pairwise

from services.moderation.domain.message import Message

OPERATOR = "operator"
ILLEGAL = "illegal"
SEVERITY_MAX = 6


class BadPolicy(Exception):
    """A policy that must not judge anybody; every complaint names its rule."""

    def __init__(self, complaints: Sequence[str]) -> None:
        super().__init__("; ".join(complaints))
        self.complaints = tuple(complaints)


class Mode(StrEnum):
    """What becomes of a rule's findings."""

    OFF = "off"
    OBSERVE = "observe"
    """Recorded, nothing else."""
    REVIEW = "review"
    """A person decides."""
    ENFORCE = "enforce"
    """Acted upon at once."""


class Action(StrEnum):
    """What an enforced finding asks for."""

    REMIND = "remind"
    """The message stays, its member is told."""
    REMOVE = "remove"
    """The message goes, and the member's points rise on the ladder."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Where and for whom a rule applies."""

    channels: tuple[str, ...] = ()
    """Only in these; empty: in all."""
    channels_exempt: tuple[str, ...] = ()
    roles_exempt: tuple[str, ...] = (OPERATOR,)

    def holds(self, message: Message) -> bool:
        """Whether the rule may judge this message."""
        if self.channels and message.channel_id not in self.channels:
            return False
        if message.channel_id in self.channels_exempt:
            return False
        return not message.roles or not set(message.roles) & set(self.roles_exempt)


@dataclass(frozen=True, slots=True)
class Rule:
    """One entry of a policy."""

    id: str
    """A slug, the rule's name for ever; its name for people is in `names` or the catalogue."""
    kind: str
    """Which code judges: a key of `rules.KINDS`."""
    params: object
    """The kind's own parameters."""
    mode: Mode = Mode.ENFORCE
    action: Action = Action.REMOVE
    severity: int = 1
    """Points on the ladder, 0 to 6."""
    version: int = 1
    scope: Scope = Scope()
    names: Mapping[str, str] = field(default_factory=dict)
    """Its name for people by locale, for rules that an operator made."""
    newcomer_mode: Mode | None = None
    """The mode for a member's first messages and first day, where it is another one."""

    def mode_for(self, is_new: bool) -> Mode:
        """What becomes of a finding about a new member, or about somebody who is known."""
        return self.newcomer_mode if is_new and self.newcomer_mode else self.mode

    @property
    def binds_everybody(self) -> bool:
        """Whether lists of the allowed excuse nothing: what is illegal is so for all.

        Such are rules whose id begins with `illegal`, and those that read no word lists but illegal ones.
        """
        lists = getattr(self.params, "lists", ())
        return self.id.partition("_")[0] == ILLEGAL or (bool(lists) and set(lists) == {ILLEGAL})

    @property
    def is_of_new(self) -> bool:
        """Whether only new members are judged by it."""
        return self.mode is Mode.OFF

    @property
    def is_off(self) -> bool:
        """Whether nobody is judged by it."""
        return self.mode is Mode.OFF and self.newcomer_mode in (None, Mode.OFF)


class Step(StrEnum):
    """What the ladder has for a member, from the mildest."""

    REMINDER = "reminder"
    WARNING = "warning"
    SHORT_MUTE = "short_mute"
    LONG_MUTE = "long_mute"
    REMOVAL = "removal"
    """Proposed to a person, never done by itself."""


@dataclass(frozen=True, slots=True)
class Ladder:
    """From how many points on which step; points fall by one in `decay_days`."""

    reminder_from: int = 1
    warning_from: int = 2
    short_mute_from: int = 3
    long_mute_from: int = 4
    removal_from: int = 5
    short_mute_minutes: int = 10
    long_mute_minutes: int = 24 * 60
    decay_days: int = 30

    def __post_init__(self) -> None:
        steps = [self.reminder_from, self.warning_from, self.short_mute_from, self.long_mute_from,
                 self.removal_from]  # fmt: skip
        if steps[0] < 1 or any(later <= earlier for earlier, later in pairwise(steps)):
            raise ValueError(
                "the ladder's steps must begin at 1 point or more, and each be above the one before"
            )
        if self.short_mute_minutes < 1 or self.long_mute_minutes < self.short_mute_minutes:
            raise ValueError("mutes last a minute or more, the long one not shorter than the short one")
        if self.decay_days < 1:
            raise ValueError("points fall after a day at the earliest")

    def step(self, points: int) -> Step | None:
        """The step for so many points, counted with the newest."""
        if points >= self.removal_from:
            return Step.REMOVAL
        if points >= self.long_mute_from:
            return Step.LONG_MUTE
        if points >= self.short_mute_from:
            return Step.SHORT_MUTE
        if points >= self.warning_from:
            return Step.WARNING
        return Step.REMINDER if points >= self.reminder_from else None

    def mute(self, step: Step) -> timedelta | None:
        """How long the member cannot write on this step; a removal is waited for in silence."""
        if step is Step.SHORT_MUTE:
            return timedelta(minutes=self.short_mute_minutes)
        return timedelta(minutes=self.long_mute_minutes) if step in (Step.LONG_MUTE, Step.REMOVAL) else None


@dataclass(frozen=True, slots=True)
class Policy:
    """All rules of a community in the order in which they are named as reasons, and its ladder."""

    rules: tuple[Rule, ...]
    ladder: Ladder = Ladder()
    version: int = 0
    """0: the shipped default set as it is."""

    def rule(self, rule_id: str) -> Rule | None:
        """The entry of this id."""
        return next((each for each in self.rules if each.id == rule_id), None)
