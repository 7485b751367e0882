"""A member's check-in of a local date: recorded and revoked in revisions, in whatever order they arrive.

The highest recorded revision counts, unless it or a later one was revoked.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime

CheckinKey = tuple[str, date, str, str]
"""community_id, local_date, member_id, campaign_id."""


@dataclass(frozen=True, slots=True)
class Checkin:
    """What is known of one check-in."""

    key: CheckinKey
    recorded: int = 0
    """The highest revision that was recorded; 0 before any."""
    revoked: int = 0
    recorded_at: datetime | None = None
    points: int = 0
    """What that revision earns."""
    rule_version: int = 0
    award_id: str | None = None
    """The transaction by which it is paid now."""

    @property
    def stands(self) -> bool:
        """Whether it counts and keeps its points."""
        return self.recorded > self.revoked

    def record(self, revision: int, at: datetime, points: int, rule_version: int) -> "Checkin":
        """With one more recording; an older one than is known changes nothing."""
        if revision <= self.recorded:
            return self
        return replace(self, recorded=revision, recorded_at=at, points=points, rule_version=rule_version)

    def revoke(self, revision: int) -> "Checkin":
        """With one more revocation."""
        return replace(self, revoked=max(self.revoked, revision))
