"""Gatherings (活动、分享会): when they are announced, and who has a place."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from services.engagement.domain.hours import DAY, at_local

EVENING = time(20)
HALF_A_DAY = timedelta(hours=12)
AN_HOUR = timedelta(hours=1)
LASTS_MAX = timedelta(days=3)
Announcement = Literal["eve", "half_day", "hour"]
Place = Literal["going", "waiting", "away"]


@dataclass(frozen=True, slots=True)
class Gathering:
    """A gathering as an operator planned it."""

    community_id: str
    event_id: str
    version: int
    title: str
    channel_id: str
    place: str
    is_session: bool
    host_id: str | None
    speaker_ids: tuple[str, ...]
    starts_at: datetime
    ends_at: datetime
    capacity: int | None
    state: Literal["planned", "open", "closed", "cancelled"]

    def announced_at(self, zone: str) -> dict[Announcement, datetime]:
        """The evening before at eight, half a day before, an hour before; by local days."""
        day = self.starts_at.astimezone(ZoneInfo(zone)).date()
        return {
            "eve": at_local(day - DAY, EVENING, zone),
            "half_day": self.starts_at - HALF_A_DAY,
            "hour": self.starts_at - AN_HOUR,
        }


def named(gatherings: Sequence[Gathering], words: str, now: datetime) -> Gathering | None:
    """The gathering ahead that the words name by id or title; without words, or of none, the next one."""
    ahead = sorted(
        (each for each in gatherings if each.state in ("planned", "open") and each.ends_at > now),
        key=lambda each: (each.starts_at, each.event_id),
    )
    wanted = words.casefold().strip()
    for each in ahead:
        if wanted and (each.event_id.casefold() in wanted or each.title.casefold() in wanted):
            return each
    return ahead[0] if ahead and (not wanted or len(ahead) == 1) else None


@dataclass(slots=True)
class Guests:
    """Who comes to one gathering."""

    capacity: int | None
    places: dict[str, tuple[Place, datetime]] = field(default_factory=dict)
    changed: set[str] = field(default_factory=set)

    def going(self) -> int:
        """How many have a place."""
        return sum(place == "going" for place, _ in self.places.values())

    def come(self, member_id: str, at: datetime) -> Place:
        """Somebody wants to come; who asked before keeps their place."""
        known = self.places.get(member_id)
        if known is not None and known[0] != "away":
            return known[0]
        place: Place = "waiting" if self.capacity is not None and self.going() >= self.capacity else "going"
        self._put(member_id, place, at)
        return place

    def stay_away(self, member_id: str, at: datetime) -> str | None:
        """Somebody does not come; returns who gets the place, the first of those who wait."""
        known = self.places.get(member_id)
        if known is None or known[0] == "away":
            return None
        self._put(member_id, "away", at)
        return self.fill() if known[0] == "going" else None

    def fill(self) -> str | None:
        """Give a free place to the first who waits."""
        if self.capacity is not None and self.going() >= self.capacity:
            return None
        waiting = [(at, name) for name, (place, at) in self.places.items() if place == "waiting"]
        if not waiting:
            return None
        at, name = min(waiting)
        self._put(name, "going", at)
        return name

    def _put(self, member_id: str, place: Place, at: datetime) -> None:
        self.places[member_id] = place, at
        self.changed.add(member_id)


def names(members: Iterable[str], between: str, shown: int = 20) -> str:
    """Some names, and no endless list."""
    known = sorted(members)
    return between.join(known[:shown]) + (" …" if len(known) > shown else "")
