"""The book of check-ins: applies messages, deletions and decisions to what is stored of their days."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from heapq import heappop, heappush

from services.engagement.domain.message import DayKey, Message, MessageKey, Verdict
from services.engagement.domain.streak import Streaks

MemberKey = tuple[str, str]
"""community_id, member_id."""


@dataclass(slots=True)
class Day:
    """A member's check-in of a date, as far as it was announced."""

    message_id: str | None = None
    """The message that owns it; None: it does not count."""
    occurred_at: datetime | None = None
    revision: int = 0
    is_repeat_answered: bool = False


@dataclass(frozen=True, slots=True)
class Recorded:
    """The date counts from now on."""

    message: Message
    streak_days: int
    revision: int
    is_first: bool
    """Whether the member has no other check-in."""


@dataclass(frozen=True, slots=True)
class Revoked:
    """The date counts no more."""

    day: DayKey
    message_id: str
    revision: int


@dataclass(frozen=True, slots=True)
class Moved:
    """Another message of the date owns it; not announced, since the check-in stands."""

    day: DayKey


@dataclass(frozen=True, slots=True)
class Repeated:
    """A good message for a date that counted before."""

    message: Message
    streak_days: int


Change = Recorded | Revoked | Moved | Repeated


@dataclass(slots=True)
class Book:
    """Stored state of the days that a batch touches, changed event by event: where it is cut is no matter.

    It must hold, of what is stored, every message and verdict that the batch names, the days of those
    messages and of the new ones, and the runs around them; beyond that one more run of each member than the
    batch touches dates, and one more good message of each day than the batch has events, so that whatever is
    taken away, it is known whether anything is left.
    """

    messages: dict[MessageKey, Message]
    verdicts: dict[MessageKey, Verdict]
    days: dict[DayKey, Day]
    streaks: Mapping[MemberKey, Streaks]
    changed_messages: set[MessageKey] = field(default_factory=set)
    changed_verdicts: set[MessageKey] = field(default_factory=set)
    changed_days: set[DayKey] = field(default_factory=set)
    _lines: dict[DayKey, list[tuple[datetime, str]]] = field(init=False)
    """Heaps of time and message id: who owns the day when those before are gone. Entries may be outdated."""

    def __post_init__(self) -> None:
        self._lines = defaultdict(list)
        for message in self.messages.values():
            self._enqueue(message)

    def post(self, message: Message) -> list[Change]:
        """A message that asks to check in."""
        known = self.messages.get(message.key)
        if known is not None and not message.precedes(known):
            return []
        self.messages[message.key] = message
        self.changed_messages.add(message.key)
        self._enqueue(message)
        if known is not None:
            return self._settle(sorted({known.day, message.day}))
        changes = self._settle([message.day])
        is_recorded = any(isinstance(change, Recorded) for change in changes)
        if not is_recorded and not self.is_void(message):
            changes.append(Repeated(message, self._streaks(message.day).days_at(message.local_date)))
        return changes

    def delete(self, key: MessageKey, deleted_at: datetime, noted_at: datetime) -> list[Change]:
        """A message is gone from the chat."""
        return self._judge(key, self._verdict(key, noted_at).deleted(deleted_at, noted_at))

    def decide(self, key: MessageKey, decision: int, is_removed: bool, noted_at: datetime) -> list[Change]:
        """Moderation removed or restored a message."""
        return self._judge(key, self._verdict(key, noted_at).decided(decision, is_removed, noted_at))

    def may_answer_repeat(self, key: DayKey) -> bool:
        """Whether "you have checked in already" is still to be said on this date; it is said by asking."""
        day = self.days[key]
        if day.is_repeat_answered:
            return False
        day.is_repeat_answered = True
        self.changed_days.add(key)
        return True

    def is_void(self, message: Message) -> bool:
        """Whether what was decided about the message keeps it from checking in."""
        verdict = self.verdicts.get(message.key)
        return verdict is not None and verdict.voids(message)

    def _verdict(self, key: MessageKey, noted_at: datetime) -> Verdict:
        return self.verdicts.get(key) or Verdict(noted_at)

    def _judge(self, key: MessageKey, verdict: Verdict) -> list[Change]:
        if verdict == self.verdicts.get(key):
            return []
        self.verdicts[key] = verdict
        self.changed_verdicts.add(key)
        message = self.messages.get(key)
        if message is None:
            return []
        self.changed_messages.add(key)
        self._enqueue(message)
        return self._settle([message.day])

    def _enqueue(self, message: Message) -> None:
        heappush(self._lines[message.day], (message.occurred_at, message.message_id))

    def _owner(self, key: DayKey) -> Message | None:
        """The earliest good message of the day, then by id."""
        line = self._lines[key]
        while line:
            occurred_at, message_id = line[0]
            message = self.messages[MessageKey(key.community_id, message_id)]
            is_current = message.occurred_at == occurred_at and message.day == key
            if is_current and not self.is_void(message):
                return message
            heappop(line)
        return None

    def _streaks(self, key: DayKey) -> Streaks:
        return self.streaks[key.community_id, key.member_id]

    def _settle(self, touched: Iterable[DayKey]) -> list[Change]:
        """Give each date to its owner, and say what that changes."""
        return [change for key in touched if (change := self._settle_day(key)) is not None]

    def _settle_day(self, key: DayKey) -> Change | None:
        owner = self._owner(key)
        day = self.days.get(key)
        if owner is None:
            return None if day is None or day.message_id is None else self._revoke(key, day, day.message_id)
        if day is None:
            day = self.days[key] = Day()
        previous = (day.message_id, day.occurred_at)
        if previous == (owner.message_id, owner.occurred_at):
            return None
        day.message_id, day.occurred_at = owner.message_id, owner.occurred_at
        self.changed_days.add(key)
        return self._record(key, day, owner) if previous[0] is None else Moved(key)

    def _record(self, key: DayKey, day: Day, owner: Message) -> Recorded:
        streaks = self._streaks(key)
        is_first = not streaks.runs
        streaks.add(key.local_date)
        day.revision += 1
        return Recorded(owner, streaks.days_at(key.local_date), day.revision, is_first)

    def _revoke(self, key: DayKey, day: Day, message_id: str) -> Revoked:
        day.message_id = day.occurred_at = None
        self.changed_days.add(key)
        self._streaks(key).discard(key.local_date)
        return Revoked(key, message_id, day.revision)
