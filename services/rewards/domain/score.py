"""The monthly score: who was most active, as a pure function of a month's facts.

The law, complete enough to compute it again from a log of messages and check-ins:

1. A message *counts* when its author is no bot (`is_bot` is false), its text is substantive (substance.py)
   and it stands (message.py: not removed). Each message id of a member counts once, as it came first.
2. Its day is the calendar day of `occurred_at` in the community's time zone, its month that day's month.
3. messages = the member's counted messages of the month, at most 20 for each day, whether paid or not.
4. check-ins = the member's standing check-ins (checkin.py) whose local date lies in the month.
5. talked with = how many different ids stand as `reply_to_member` or in `mentions` of the member's counted
   messages of the month (those past the daily 20 too), the member's own id left out.
6. score = messages + 5 × check-ins + 2 × talked with. Members with score 0 are not candidates.
7. Order: higher score; then the earlier last moment, which is the latest `occurred_at` of the member's
   counted messages and standing check-ins of the month; then the member id by code points.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256
from types import MappingProxyType
from typing import Any

WINNERS = 3


@dataclass(frozen=True, slots=True)
class ScoreRule:
    """The weights, as data with a version."""

    version: int = 1
    messages_per_day_max: int = 20
    checkin_weight: int = 5
    talked_with_weight: int = 2


DEFAULT_SCORE = ScoreRule()


@dataclass(frozen=True, slots=True)
class MemberFacts:
    """What a member did in a month; `messages` is capped for each day already."""

    member_id: str
    messages: int
    checkins: int
    talked_with: int
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """A member's place, with the score by where it came from."""

    rank: int
    member_id: str
    score: int
    parts: dict[str, int]
    last_at: datetime


def parts_of(facts: MemberFacts, rule: ScoreRule = DEFAULT_SCORE) -> dict[str, int]:
    """The parts of a score; they sum to it."""
    return {
        "messages": facts.messages,
        "checkins": rule.checkin_weight * facts.checkins,
        "talked_with": rule.talked_with_weight * facts.talked_with,
    }


def standings(candidates: Iterable[MemberFacts], rule: ScoreRule = DEFAULT_SCORE) -> list[Standing]:
    """All candidates in order."""
    scored = [(facts, parts_of(facts, rule)) for facts in candidates]
    ordered = sorted(
        ((sum(parts.values()), facts, parts) for facts, parts in scored if sum(parts.values()) > 0),
        key=lambda each: (-each[0], each[1].last_at, each[1].member_id),
    )
    return [
        Standing(rank, facts.member_id, score, parts, facts.last_at)
        for rank, (score, facts, parts) in enumerate(ordered, start=1)
    ]


def evidence_hash(
    community_id: str,
    month: date,
    candidates: Iterable[MemberFacts],
    rule: ScoreRule = DEFAULT_SCORE,
    excluded: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """SHA-256 over canonical JSON of all members' facts: keys sorted, no spaces, members by id, UTF-8.

    `excluded`: by member why they are no candidate; where there are none, the key is left out.
    """
    evidence: dict[str, Any] = {
        "community": community_id,
        "month": f"{month:%Y-%m}",
        "score_version": rule.version,
        "facts": [
            [each.member_id, each.messages, each.checkins, each.talked_with, _moment(each.last_at)]
            for each in sorted(candidates, key=lambda each: each.member_id)
        ],
    }
    if excluded:
        evidence["excluded"] = dict(excluded)
    text = json.dumps(evidence, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
