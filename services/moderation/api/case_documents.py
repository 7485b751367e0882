"""What moderation answers about cases."""

import json
from datetime import datetime
from typing import Literal

import asyncpg
from pydantic import BaseModel, ConfigDict

from services.moderation.store.case_pages import Papers


class Document(BaseModel):
    """Something read from rows."""

    model_config = ConfigDict(use_attribute_docstrings=True, extra="ignore")


class CaseDocument(Document):
    """A case in the queue."""

    case_id: str
    community_id: str
    kind: str
    """`decision`: acted upon already; `review`: waits for a person; others name what opened them."""
    member_id: str | None
    rule: str
    rule_version: int
    score: float
    """What waits for a person has 10 more, an appeal another 10, an overdue one another 10."""
    state: Literal["open", "claimed", "resolved"]
    version: int
    """Goes into every act on the case: who has read an older one is refused."""
    opened_at: datetime
    claimed_by: str | None
    verdict: Literal["confirmed", "overturned"] | None
    resolved_by: str | None
    resolved_at: datetime | None
    reason: str


class PlaceDocument(Document):
    """Characters `start` (inclusive) to `end` (exclusive) of the original text."""

    start: int
    end: int


class FoundDocument(Document):
    """What a rule found in a message."""

    rule: str
    rule_version: int
    score: float
    evidence: str
    places: list[PlaceDocument]


class MessageDocument(Document):
    """A message of the case."""

    message_id: str
    member_id: str
    channel_id: str
    posted_at: datetime
    text: str
    """Empty where neither rules nor the log have it, or when the case is older than the retention."""
    removed: bool
    """Whether a removal stands."""
    findings: list[FoundDocument]


class ActDocument(Document):
    """Who did what to the case."""

    version: int
    at: datetime
    actor: str
    act: str
    note: str


class SanctionDocument(Document):
    """A step of the ladder that followed from the case."""

    sanction_id: str
    member_id: str
    step: str
    rule: str
    points: int
    applied_at: datetime
    until: datetime | None
    how: str
    lifted_at: datetime | None
    lifted_by: str | None
    lift_reason: str


class StrikeDocument(Document):
    """Points that the member got, in this case or another."""

    case_id: str
    at: datetime
    points: int
    rule: str
    voided_at: datetime | None


class EarlierDocument(Document):
    """Another case of the member."""

    case_id: str
    kind: str
    rule: str
    state: str
    opened_at: datetime
    verdict: str | None


class ReportDocument(Document):
    """A member's report of one of the messages."""

    message_id: str
    reporter_id: str
    said: str
    reported_at: datetime


class WholeCase(CaseDocument):
    """A case with all that belongs to it."""

    messages: list[MessageDocument]
    history: list[ActDocument]
    sanctions: list[SanctionDocument]
    strikes: list[StrikeDocument]
    """Of the member, newest first."""
    earlier_cases: list[EarlierDocument]
    reports: list[ReportDocument]

    @classmethod
    def of(cls, papers: Papers) -> "WholeCase":
        """The case as a document."""
        found: dict[str, list[FoundDocument]] = {}
        for row in papers.findings:
            found.setdefault(row["message_id"], []).append(_found(row))
        return cls(
            **dict(papers.case),
            messages=[
                MessageDocument(**dict(row), findings=found.get(row["message_id"], []))
                for row in papers.messages
            ],
            history=[ActDocument(**dict(row)) for row in papers.history],
            sanctions=[SanctionDocument(**dict(row)) for row in papers.sanctions],
            strikes=[StrikeDocument(**dict(row)) for row in papers.strikes],
            earlier_cases=[EarlierDocument(**dict(row)) for row in papers.earlier],
            reports=[ReportDocument(**dict(row)) for row in papers.reports],
        )


class RuleStatistics(Document):
    """How a version of a rule does, by what people say of it."""

    rule: str
    rule_version: int
    hits: int
    """Findings."""
    confirmed: int
    """Cases, by their last verdict."""
    overturned: int
    precision: float | None
    """Confirmed of all judged cases; nothing where none is judged."""

    @classmethod
    def of(cls, row: asyncpg.Record) -> "RuleStatistics":
        """A row of the statistics."""
        judged = row["confirmed"] + row["overturned"]
        return cls(**dict(row), precision=row["confirmed"] / judged if judged else None)


def _found(row: asyncpg.Record) -> FoundDocument:
    places = [PlaceDocument(start=start, end=end) for start, end in json.loads(row["spans"])]
    return FoundDocument(**{**dict(row), "places": places})
