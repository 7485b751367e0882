"""When members' reports of a message call operators, and when they hold the message until one has looked."""

from datetime import datetime, timedelta
from typing import NamedTuple

from services.moderation.domain.case_file import REPORT
from services.moderation.domain.policy import Rule

ALERT_AT = 2
"""Reports by different members."""
HOLD_AT = 3
"""The same by members who are trusted."""
KNOWN_FOR = timedelta(days=7)
REPORT_RULE = Rule(REPORT, REPORT, None, severity=0)
"""What a message is held by; it gives no points, as nobody has judged yet."""


class Reporter(NamedTuple):
    """Who reports, by what is known of him."""

    member_id: str
    first_at: datetime | None = None
    """When he joined or wrote first."""
    judged: int = 0
    """His reports on which there was a verdict."""
    overturned: int = 0
    is_operator: bool = False

    def is_trusted(self, at: datetime) -> bool:
        """Known for a week, and not wrong more than half the time."""
        if self.is_operator:
            return True
        is_known = self.first_at is not None and at - self.first_at >= KNOWN_FOR
        return is_known and 2 * self.overturned <= self.judged


class Standing(NamedTuple):
    """A reported message."""

    case_id: str | None = None
    """Its case, once operators were called."""
    is_held: bool = False
    is_resolved: bool = False
    """A person has judged: reports change nothing any more."""
    reporters: tuple[Reporter, ...] = ()

    def reported_by(self, reporter: Reporter) -> "Standing":
        """With one reporter more; each counts once."""
        if any(each.member_id == reporter.member_id for each in self.reporters):
            return self
        return self._replace(reporters=(*self.reporters, reporter))

    def calls_operators(self) -> bool:
        """Whether they are to be called now."""
        return self.case_id is None and len(self.reporters) >= ALERT_AT

    def trusted(self, at: datetime) -> int:
        """Reporters who are trusted."""
        return sum(each.is_trusted(at) for each in self.reporters)

    def must_be_held(self, at: datetime) -> bool:
        """Whether the message goes until a person has looked."""
        return not (self.is_held or self.is_resolved) and self.trusted(at) >= HOLD_AT
