"""Cold spells and warm-ups over HTTP, and what warm-ups are worth."""

from datetime import UTC, datetime
from typing import Annotated

import asyncpg
from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel

from services.engagement.api.acts import CommunityId
from services.engagement.domain.uplift import Group, Interval, uplift
from services.engagement.store import spells as store
from shared.http.pages import Page, PagingQuery
from shared.postgres.connection import Pool

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
END = datetime(9999, 1, 1, tzinfo=UTC)
ChannelQuery = Annotated[str | None, Query(min_length=1, max_length=255)]


class SpellShown(BaseModel):
    """A channel that was cold, and what became of it."""

    spell_id: str
    channel_id: str
    opened_at: datetime
    silent_since: datetime
    usual_gap_minutes: float
    expected: float
    """Usual messages in the half hour after."""
    outcome: str
    """`sent`, `held_out` by lot, `approval` while a person is asked, or `skipped`."""
    reason: str | None
    topic_id: str | None
    messages: int | None
    members: int | None

    @classmethod
    def of(cls, row: asyncpg.Record) -> "SpellShown":
        """A row of the store."""
        return cls(**row)


class GroupShown(BaseModel):
    """Cold spells that were treated alike; means a spell, of the half hour after."""

    spells: int
    revived: int
    messages: float
    members: float
    expected: float

    @classmethod
    def of(cls, group: Group) -> "GroupShown":
        """As the domain has it."""
        return cls(
            spells=group.spells, revived=group.revived, messages=group.messages, members=group.members,
            expected=group.expected,
        )  # fmt: skip


class UpliftShown(BaseModel):
    """Warm-ups against held-out spells; intervals of 95 %, none while a group has fewer than 10."""

    sent: GroupShown
    held_out: GroupShown
    messages: float | None
    messages_interval: tuple[float, float] | None
    revived_share: float | None
    revived_interval: tuple[float, float] | None


def router(pool: Pool) -> APIRouter:
    """The routes under `/v1/communities/{community_id}`."""
    routes = APIRouter(prefix="/v1/communities/{community_id}", tags=["warm-ups"])

    @routes.get("/cold-spells")
    async def spells(
        community_id: CommunityId, paging: PagingQuery, channel_id: ChannelQuery = None
    ) -> Page[SpellShown]:
        """Cold spells, newest first."""
        after = paging.after(datetime.fromisoformat, str)
        rows = await store.spells(pool, community_id, channel_id, after, paging.rows)
        return paging.page(rows, SpellShown.of, lambda row: [row["opened_at"].isoformat(), row["spell_id"]])

    @routes.get("/warmups/uplift")
    async def measured(
        community_id: CommunityId,
        begins: Annotated[AwareDatetime, Query(alias="from")] = BEGINNING,
        ends: Annotated[AwareDatetime, Query(alias="to")] = END,
        channel_id: ChannelQuery = None,
    ) -> UpliftShown:
        """What warm-ups are worth: sent against held out by lot."""
        known = await store.outcomes(pool, community_id, begins, ends, channel_id)
        worth = uplift(known["sent"], known["held_out"])
        return UpliftShown(
            sent=GroupShown.of(worth.sent), held_out=GroupShown.of(worth.held_out), messages=worth.messages,
            messages_interval=_shown(worth.messages_interval), revived_share=worth.revived_share,
            revived_interval=_shown(worth.revived_interval),
        )  # fmt: skip

    return routes


def _shown(interval: Interval | None) -> tuple[float, float] | None:
    return (interval.low, interval.high) if interval else None
