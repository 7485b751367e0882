"""A case as the one who judges it sees it, and why an act on it may be refused."""

from datetime import datetime
from enum import StrEnum
from typing import Literal, NamedTuple

Verdict = Literal["confirmed", "overturned"]
DECISION, REVIEW, REPORT = "decision", "review", "report"
"""Kinds: acted upon already; waits for a person; reported by members."""


class Act(StrEnum):
    """What operators do to a case."""

    CLAIM = "claimed"
    RELEASE = "released"
    NOTE = "noted"
    VERDICT = "judged"
    APPEAL = "appeal_decided"


class Refused(StrEnum):
    """Why not; a slug for programs."""

    STALE = "case-stale"
    """It has changed since it was read."""
    CLOSED = "case-closed"
    """Somebody else gave the verdict meanwhile."""
    CLAIMED = "case-claimed"
    """Somebody else works on it."""
    NOT_CLAIMED = "case-not-claimed"
    APPEALED = "case-appealed"
    """The appeal against it waits: its decision is the verdict."""


class CaseFile(NamedTuple):
    """A case, locked by who acts on it."""

    case_id: str
    community_id: str
    kind: str
    member_id: str | None
    rule: str
    rule_version: int
    state: str
    version: int
    claimed_by: str | None
    verdict: Verdict | None
    resolved_by: str | None
    resolved_at: datetime | None
    reason: str
    verdicts: int
    open_appeal: str | None
    """The appeal that waits for a decision."""

    def refusal(self, act: Act, actor: str, version: int) -> Refused | None:
        """Why the actor, who has read this version, may not do this."""
        is_resolved = self.state == "resolved"
        if version != self.version:
            return Refused.CLOSED if is_resolved and act is not Act.NOTE else Refused.STALE
        if act is Act.CLAIM and is_resolved:
            return Refused.CLOSED
        if act in (Act.CLAIM, Act.VERDICT, Act.APPEAL) and self.claimed_by not in (None, actor):
            return Refused.CLAIMED
        if act is Act.RELEASE and self.claimed_by is None:
            return Refused.NOT_CLAIMED
        return Refused.APPEALED if act is Act.VERDICT and self.open_appeal else None

    def claimed(self, actor: str) -> "CaseFile":
        """In the actor's hands."""
        return self._replace(state="claimed", claimed_by=actor, version=self.version + 1)

    def released(self) -> "CaseFile":
        """In nobody's hands."""
        return self._replace(state="open", claimed_by=None, version=self.version + 1)

    def noted(self) -> "CaseFile":
        """With one entry more in its history."""
        return self._replace(version=self.version + 1)

    def resolved(self, verdict: Verdict, actor: str, at: datetime, reason: str) -> "CaseFile":
        """With the actor's verdict."""
        return self._replace(
            state="resolved",
            version=self.version + 1,
            claimed_by=None,
            verdict=verdict,
            resolved_by=actor,
            resolved_at=at,
            reason=reason,
            verdicts=self.verdicts + 1,
        )
