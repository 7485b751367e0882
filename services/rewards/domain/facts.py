"""The facts that a month's score is made of, as changes that a batch adds up.

A closed month stays as it is: what would have changed it is counted as late.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from services.rewards.domain.calendar import month_of

MonthKey = tuple[str, date]
"""community_id, first day of the month."""
DayKey = tuple[str, date, str]
"""community_id, local day, member_id."""
TalkKey = tuple[str, date, str, str]
"""community_id, first day of the month, member_id, partner_id."""


@dataclass(slots=True)
class DayChange:
    """What a batch adds to a member's day and takes from it."""

    messages_added: int = 0
    messages_taken: int = 0
    checkins_added: int = 0
    checkins_taken: int = 0
    last_at: datetime | None = None
    """The latest moment of what was added."""
    slots: list[int] = field(default_factory=list)
    """Moments of messages that won one, in milliseconds since 1970."""
    alike: int = 0
    """Messages that were not paid as they were like one that was."""
    sketches: Sequence[str] = ()
    """Of the last paid messages as they are after this; none when no message was paid."""

    @property
    def grows(self) -> bool:
        """Whether anything is added."""
        return bool(self.slots or self.messages_added or self.checkins_added or self.alike)

    @property
    def shrinks(self) -> bool:
        """Whether anything is taken."""
        return bool(self.messages_taken or self.checkins_taken)

    def reach(self, at: datetime) -> None:
        """Something was added that happened then."""
        if self.last_at is None or at > self.last_at:
            self.last_at = at


@dataclass(slots=True)
class FactChanges:
    """Everything that a batch adds to the facts and takes from them."""

    closed: Collection[MonthKey]
    days: dict[DayKey, DayChange] = field(default_factory=dict)
    talks: dict[TalkKey, int] = field(default_factory=dict)
    late: dict[MonthKey, int] = field(default_factory=dict)

    def add_message(self, key: DayKey, at: datetime, partners: Collection[str]) -> None:
        """A message counts for this day."""
        if self._is_late(key):
            return
        change = self.of(key)
        change.messages_added += 1
        change.reach(at)
        self._talk(key, partners, 1)

    def take_message(self, key: DayKey, partners: Collection[str]) -> None:
        """A message counts for this day no longer."""
        if not self._is_late(key):
            self.of(key).messages_taken += 1
            self._talk(key, partners, -1)

    def add_checkin(self, key: DayKey, at: datetime) -> None:
        """A check-in counts for this day."""
        if not self._is_late(key):
            change = self.of(key)
            change.checkins_added += 1
            change.reach(at)

    def take_checkin(self, key: DayKey) -> None:
        """A check-in counts for this day no longer."""
        if not self._is_late(key):
            self.of(key).checkins_taken += 1

    def of(self, key: DayKey) -> DayChange:
        """The change of a member's day."""
        change = self.days.get(key)
        if change is None:
            change = self.days[key] = DayChange()
        return change

    def _talk(self, key: DayKey, partners: Collection[str], by: int) -> None:
        if not partners:
            return
        community_id, day, member_id = key
        month = month_of(day)
        for partner in partners:
            talk = (community_id, month, member_id, partner)
            self.talks[talk] = self.talks.get(talk, 0) + by

    def _is_late(self, key: DayKey) -> bool:
        """Whether the month of a fact is closed; if so, it is counted."""
        if not self.closed:
            return False
        place = (key[0], month_of(key[1]))
        if place not in self.closed:
            return False
        self.late[place] = self.late.get(place, 0) + 1
        return True
