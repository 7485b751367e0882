"""What facts say of members: since when they are known, when they wrote, how they came and went."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import NamedTuple

from services.reporting.domain.fact import MESSAGE, Fact

JOINED, LEFT = "member.joined", "member.left"
_OF_MEMBERS = frozenset({MESSAGE, JOINED, LEFT})


class MemberChange(NamedTuple):
    """What a batch says of one member; merged by extremes, so that no order matters."""

    community_id: str
    member_id: str
    first_seen_on: date
    joined_at: datetime | None
    joined_on: date | None
    invited_by: str | None
    """Of the first joining."""
    first_message_at: datetime | None
    first_message_on: date | None
    last_message_at: datetime | None
    name: str | None
    """The newest."""
    named_at: datetime | None


class Presence(NamedTuple):
    """Somebody came or went."""

    community_id: str
    member_id: str
    occurred_at: datetime
    local_date: date
    is_join: bool


def member_changes(
    facts: Iterable[Fact], names: Mapping[str, str]
) -> tuple[list[MemberChange], list[Presence]]:
    """Of people alone, sorted by key; `names` by event id."""
    mine: dict[tuple[str, str], list[Fact]] = {}
    for fact in facts:
        if fact.type in _OF_MEMBERS and not fact.is_bot and fact.member_id is not None:
            mine.setdefault((fact.community_id, fact.member_id), []).append(fact)
    changes = [_change(key, mine[key], names) for key in sorted(mine)]
    presences = {
        Presence(*key, fact.occurred_at, fact.local_date, fact.type == JOINED)
        for key, told in mine.items()
        for fact in told
        if fact.type != MESSAGE
    }
    return changes, sorted(presences)


def _change(key: tuple[str, str], facts: list[Fact], names: Mapping[str, str]) -> MemberChange:
    joined = min([fact for fact in facts if fact.type == JOINED], key=_moment, default=None)
    wrote = [fact for fact in facts if fact.type == MESSAGE]
    first = min(wrote, key=_moment, default=None)
    named_at, name = max(
        [(fact.occurred_at, names[fact.event_id]) for fact in facts if fact.event_id in names],
        default=(None, None),
    )
    return MemberChange(
        *key,
        first_seen_on=min([fact.local_date for fact in facts]),
        joined_at=joined.occurred_at if joined else None,
        joined_on=joined.local_date if joined else None,
        invited_by=joined.other_member_id if joined else None,
        first_message_at=first.occurred_at if first else None,
        first_message_on=min([fact.local_date for fact in wrote], default=None),
        last_message_at=max([fact.occurred_at for fact in wrote], default=None),
        name=name,
        named_at=named_at,
    )


def _moment(fact: Fact) -> datetime:
    return fact.occurred_at
