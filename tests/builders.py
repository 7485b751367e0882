"""Events in one readable line, for tests of domains and handlers."""

from datetime import UTC, datetime, timedelta
from typing import Any

from shared.contracts.chat import MessagePosted
from shared.contracts.contract import Contract
from shared.contracts.envelope import seal
from shared.contracts.profiles import CommunityProfile
from shared.engine import Event

NOON = datetime(2024, 3, 5, 4, 0, tzinfo=UTC)
"""2024-03-05 12:00 in Shanghai, a Tuesday."""


def profile(community_id: str = "tea", **fields: Any) -> CommunityProfile:
    """A community in Shanghai that speaks Chinese, unless told otherwise."""
    return CommunityProfile(community_id=community_id, revision=1, **fields)


def at(seconds: float = 0, *, minutes: float = 0, hours: float = 0, days: float = 0) -> datetime:
    """A moment relative to NOON."""
    return NOON + timedelta(seconds=seconds, minutes=minutes, hours=hours, days=days)


def event(
    data: Contract,
    occurred_at: datetime = NOON,
    *,
    now: datetime | None = None,
    source: str = "/test",
    about: CommunityProfile | None = None,
) -> Event[Any]:
    """What a handler receives; `now` is the moment it happened unless told otherwise."""
    envelope = seal(data, source, occurred_at)
    known = about or profile(data.community_id)
    return Event(envelope.id, source, occurred_at, now or occurred_at, data, known)


def posted(
    text: str,
    occurred_at: datetime = NOON,
    *,
    member: str = "ann",
    message: str | None = None,
    channel: str = "hall",
    community: str = "tea",
    now: datetime | None = None,
    about: CommunityProfile | None = None,
    **fields: Any,
) -> Event[MessagePosted]:
    """A message; its id is its time and author unless told otherwise."""
    data = MessagePosted(
        community_id=community,
        channel_id=channel,
        message_id=message or f"{member}-{occurred_at.timestamp():.3f}",
        member_id=member,
        text=text,
        **fields,
    )
    return event(data, occurred_at, now=now, about=about)
