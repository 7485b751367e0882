"""A back-test: a candidate rule book against the active one over the same recorded messages.

It is pure: nothing is announced, stored or done. Windows and the ladder are a member's own, so the record may
be dealt out by member to several back-tests whose `merged` outcome is that of one.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import reduce

from services.moderation.domain.policy import Policy, Step
from services.moderation.domain.recorded import Recorded, read_all
from services.moderation.domain.rulebook import Read, RuleBook
from services.moderation.domain.trial import EPOCH, Noted, Trial
from services.moderation.domain.verdict import Verdict

NOTED_MAX = 500_000
"""Findings of one book; a candidate that finds more is not worth the memory, so the test ends there."""
SAMPLES_MAX = 20


@dataclass(frozen=True, slots=True)
class Tally:
    """What one policy would have done."""

    noted: Mapping[tuple[str, str], Noted]
    sanctions: Counter[Step]
    cases: int

    def verdicts(self) -> dict[str, Noted]:
        """The gravest verdict of each message that a rule found anything in."""
        gravest: dict[str, Noted] = {}
        for (message_id, _), each in self.noted.items():
            known = gravest.get(message_id)
            if known is None or each.verdict.weight > known.verdict.weight:
                gravest[message_id] = each
        return gravest

    def merged(self, other: "Tally") -> "Tally":
        """Of both parts of a record that was dealt out by member."""
        return Tally(
            {**self.noted, **other.noted}, self.sanctions + other.sanctions, self.cases + other.cases
        )


@dataclass(frozen=True, slots=True)
class Run:
    """Both policies over a record, or over some members' part of it."""

    messages: int
    first_us: int | None
    last_us: int | None
    is_whole: bool
    """False when a policy found more than is kept, and the test ended before the record."""
    active: Tally
    candidate: Tally

    def merged(self, other: "Run") -> "Run":
        """Of both parts of a record that was dealt out by member."""
        return Run(
            self.messages + other.messages,
            min((us for us in (self.first_us, other.first_us) if us is not None), default=None),
            max((us for us in (self.last_us, other.last_us) if us is not None), default=None),
            self.is_whole and other.is_whole,
            self.active.merged(other.active),
            self.candidate.merged(other.candidate),
        )


@dataclass(slots=True)
class Backtest:
    """Takes the record in its order, in batches of any size."""

    active: Trial
    candidate: Trial
    messages: int = 0
    first_us: int | None = None
    last_us: int | None = None
    is_full: bool = False
    """Enough was found: what comes now is not read."""

    @classmethod
    def of(cls, active: RuleBook, candidate: RuleBook) -> "Backtest":
        """A test that has seen nothing yet."""
        return cls(Trial(active), Trial(candidate))

    def read(self, batch: Sequence[Recorded]) -> None:
        """Judge a batch by both books; a rule that both have is asked once."""
        if self.is_full or not batch:
            return
        messages = read_all(batch)
        seen: list[Read] = []
        new = self.active.may_be_new(messages)
        for trial in (self.active, self.candidate):
            trial.judge(batch, messages, trial.book.read(messages, new, seen))
        self.messages += len(batch)
        times = [each.posted_us for each in batch]
        self.first_us = min(times) if self.first_us is None else min(self.first_us, *times)
        self.last_us = max(times) if self.last_us is None else max(self.last_us, *times)
        self.is_full = max(len(self.active.noted), len(self.candidate.noted)) > NOTED_MAX

    def run(self) -> Run:
        """What was seen so far."""
        active, candidate = (
            Tally(trial.noted, trial.sanctions, trial.cases) for trial in (self.active, self.candidate)
        )
        return Run(self.messages, self.first_us, self.last_us, not self.is_full, active, candidate)


def merge(runs: Iterable[Run]) -> Run:
    """The runs of all parts of a record; at least one."""
    return reduce(Run.merged, runs)


@dataclass(frozen=True, slots=True)
class Messages:
    """Some messages: how many, and the ids of the first."""

    count: int
    message_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RuleOutcome:
    """What a rule would have found, by what would have become of it."""

    rule: str
    kind: str
    messages: int
    verdicts: Mapping[Verdict, int]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a policy would have done; messages by their gravest verdict."""

    rules: tuple[RuleOutcome, ...]
    verdicts: Mapping[Verdict, int]
    cases: int
    sanctions: Mapping[Step, int]


@dataclass(frozen=True, slots=True)
class Overturned:
    """Messages whose removal a person has overturned: who catches them again repeats the mistake."""

    given: int
    active: Messages
    candidate: Messages


@dataclass(frozen=True, slots=True)
class Comparison:
    """The result of a back-test; ids of messages, never their text."""

    messages: int
    first_at: datetime | None
    last_at: datetime | None
    is_whole: bool
    """False when it ended early, because a policy found more than is kept."""
    active: Outcome
    candidate: Outcome
    newly_caught: Messages
    """Let be by the active policy; the candidate reminds, asks a person, or removes."""
    newly_lost: Messages
    changed: Mapping[str, Messages]
    """Caught by both with another verdict, such as `review to remove`."""
    overturned: Overturned


@dataclass(slots=True)
class _Picked:
    """Messages with their times, of which the earliest are shown."""

    items: list[tuple[int, str]] = field(default_factory=list)

    def shown(self, samples: int) -> Messages:
        return Messages(len(self.items), tuple(message_id for _, message_id in sorted(self.items)[:samples]))


def compare(
    run: Run,
    active: Policy,
    candidate: Policy,
    overturned: Collection[str] = (),
    samples: int = SAMPLES_MAX,
) -> Comparison:
    """What the candidate changes, with the ids of up to `samples` messages for each kind of change."""
    before, after = run.active.verdicts(), run.candidate.verdicts()
    caught, lost = _Picked(), _Picked()
    changed: dict[str, _Picked] = {}
    for message_id in before.keys() | after.keys():
        old, new = before.get(message_id), after.get(message_id)
        was, becomes = (each.verdict if each else Verdict.ALLOW for each in (old, new))
        item = (max(each.posted_us for each in (old, new) if each), message_id)
        if becomes.is_caught and not was.is_caught:
            caught.items.append(item)
        elif was.is_caught and not becomes.is_caught:
            lost.items.append(item)
        elif was.is_caught and was is not becomes:
            changed.setdefault(f"{was} to {becomes}", _Picked()).items.append(item)
    return Comparison(
        run.messages,
        _moment(run.first_us),
        _moment(run.last_us),
        run.is_whole,
        _outcome(run.active, active, before),
        _outcome(run.candidate, candidate, after),
        caught.shown(samples),
        lost.shown(samples),
        {name: changed[name].shown(samples) for name in sorted(changed)},
        _overturned(before, after, frozenset(overturned), samples),
    )


def _moment(posted_us: int | None) -> datetime | None:
    return None if posted_us is None else EPOCH + timedelta(microseconds=posted_us)


def _outcome(tally: Tally, policy: Policy, verdicts: Mapping[str, Noted]) -> Outcome:
    by_rule: dict[str, Counter[Verdict]] = {}
    for (_, rule_id), each in tally.noted.items():
        by_rule.setdefault(rule_id, Counter())[each.verdict] += 1
    rules = tuple(
        RuleOutcome(rule.id, rule.kind, counts.total(), _counted(counts))
        for rule in policy.rules
        if not rule.is_off
        for counts in (by_rule.get(rule.id, Counter()),)
    )
    return Outcome(
        rules,
        _counted(Counter(each.verdict for each in verdicts.values())),
        tally.cases,
        {step: tally.sanctions[step] for step in Step},
    )


def _counted(counts: Counter[Verdict]) -> dict[Verdict, int]:
    return {verdict: counts[verdict] for verdict in Verdict if verdict is not Verdict.ALLOW}


def _overturned(
    before: Mapping[str, Noted], after: Mapping[str, Noted], ids: frozenset[str], samples: int
) -> Overturned:
    active, candidate = (
        _Picked([(each.posted_us, id_) for id_ in ids if (each := side.get(id_)) and each.verdict.is_caught])
        for side in (before, after)
    )
    return Overturned(len(ids), active.shown(samples), candidate.shown(samples))
