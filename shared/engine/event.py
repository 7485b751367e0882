"""What a handler receives: events with their time, and timers that came due."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, NamedTuple, TypeVar

from shared.contracts.contract import Contract
from shared.contracts.profiles import CommunityProfile

Data = TypeVar("Data", bound=Contract)


class Event(NamedTuple, Generic[Data]):
    """One event, new to this service, in its community's time."""

    id: str
    source: str
    occurred_at: datetime
    """When it happened, in UTC. Every window, streak, month and report uses this."""
    now: datetime
    """The community's clock at this event: real time, or for a history the highest `occurred_at` so far."""
    data: Data
    profile: CommunityProfile

    @property
    def community_id(self) -> str:
        """The tenant it belongs to."""
        return self.data.community_id

    @property
    def is_stale(self) -> bool:
        """Too old on arrival to answer with a sanction or a public message; it counts all the same."""
        if self.now is self.occurred_at:  # as in a history nearly always
            return False
        return (self.now - self.occurred_at).total_seconds() > 60 * self.profile.staleness_limit_minutes


@dataclass(frozen=True, slots=True)
class Timer:
    """Something to do at a moment of the community's clock; (community_id, kind, key) names it."""

    community_id: str
    kind: str
    due_at: datetime
    key: str = ""
    payload: Mapping[str, Any] = field(default_factory=dict)
    """JSON."""
    after: tuple[str, ...] = ()
    """Services whose facts up to `due_at` must have been read first."""


class DueTimer(NamedTuple):
    """A timer whose moment has come, in its community's time."""

    timer: Timer
    now: datetime
    profile: CommunityProfile

    @property
    def community_id(self) -> str:
        """The tenant it belongs to."""
        return self.timer.community_id
