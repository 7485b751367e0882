"""Check-in campaigns over HTTP: begin and end them, boards, testimonies, excused dates, refused proofs."""

from datetime import date, datetime, time
from typing import Annotated, Literal

import asyncpg
from fastapi import APIRouter
from pydantic import BaseModel, Field, StringConstraints

from services.engagement.api.acts import (
    SERVICE,
    Because,
    Body,
    CommunityId,
    ItemId,
    Name,
    Operator,
    Reason,
    community_now,
    refused,
)
from services.engagement.domain.campaign import DAYS_MAX, Campaign, Window, board
from services.engagement.domain.day import local_day
from services.engagement.handlers.campaigns import refuse_proof
from services.engagement.store import campaigns as store
from shared.engine import request_work
from shared.http.pages import Page, PagingQuery
from shared.http.problems import Kind
from shared.postgres.connection import Pool


class WindowShown(BaseModel):
    """A span of each local day."""

    begins: time
    ends: time


class NewCampaign(Body):
    """A campaign to begin; it cannot be changed later, so that what was told members stays true."""

    campaign_id: Name
    title: Name
    keyword: Annotated[str, StringConstraints(strip_whitespace=True, max_length=64)] = ""
    """A word in a check-in that names the campaign."""
    channel_id: Annotated[str, StringConstraints(min_length=1, max_length=255)] | None = None
    """Where a check-in without the word is meant for it."""
    first_date: date
    last_date: date
    windows: list[WindowShown] = Field(default=[], max_length=6)
    """None: the whole day."""
    proof: Literal["none", "text", "picture"] = "none"
    text_min: int = Field(default=10, ge=1, le=1000)
    freezes: int = Field(default=0, ge=0, le=30)
    """Missed days that do not break a streak."""
    makeups: int = Field(default=0, ge=0, le=30)
    """Cards with which a member fills a missed day of the last week."""


class CampaignShown(BaseModel):
    """A campaign."""

    campaign_id: str
    title: str
    keyword: str
    channel_id: str | None
    first_date: date
    last_date: date
    windows: list[WindowShown]
    proof: str
    text_min: int
    freezes: int
    makeups: int
    excused: list[date]
    is_closed: bool

    @classmethod
    def of(cls, campaign: Campaign) -> "CampaignShown":
        """As the domain has it."""
        windows = [WindowShown(begins=each.begins, ends=each.ends) for each in campaign.windows]
        return cls(
            campaign_id=campaign.campaign_id, title=campaign.title, keyword=campaign.keyword,
            channel_id=campaign.channel_id, first_date=campaign.first_date, last_date=campaign.last_date,
            windows=windows, proof=campaign.proof, text_min=campaign.text_min, freezes=campaign.freezes,
            makeups=campaign.makeups, excused=sorted(campaign.excused), is_closed=campaign.is_closed,
        )  # fmt: skip


class Campaigns(BaseModel):
    """All campaigns of a community."""

    items: list[CampaignShown]


class Place(BaseModel):
    """A member's progress."""

    rank: int
    member_id: str
    days: int
    streak_days: int


class CampaignBoard(BaseModel):
    """Members by days, then by streak."""

    campaign_id: str
    until: date
    items: list[Place]


class Excused(Body):
    """Dates that break nobody's streak."""

    dates: list[date] = Field(min_length=1, max_length=100)
    reason: Reason


class TestimonyShown(BaseModel):
    """What a member says."""

    message_id: str
    member_id: str
    occurred_at: datetime
    text: str

    @classmethod
    def of(cls, row: asyncpg.Record) -> "TestimonyShown":
        """A row of the store."""
        return cls(**row)


def router(pool: Pool) -> APIRouter:
    """The routes under `/v1/communities/{community_id}/campaigns`."""
    routes = APIRouter(prefix="/v1/communities/{community_id}/campaigns", tags=["campaigns"])

    @routes.get("")
    async def campaigns(community_id: CommunityId) -> Campaigns:
        """All campaigns, ended ones too."""
        known = await store.load_campaigns(pool, [community_id])
        return Campaigns(items=[CampaignShown.of(each) for each in known.get(community_id, ())])

    @routes.post("", status_code=201)
    async def begin(community_id: CommunityId, new: NewCampaign, by: Operator) -> CampaignShown:
        """Begin a campaign."""
        campaign = _campaign(community_id, new)
        async with request_work(pool, SERVICE, community_id) as work:
            if not await store.add_campaign(work.connection, campaign, by):
                raise refused("campaign-exists", Kind.CONFLICT)
        return CampaignShown.of(campaign)

    _add_progress(routes, pool)
    _add_overruling(routes, pool)
    return routes


def _add_progress(routes: APIRouter, pool: Pool) -> None:
    @routes.get("/{campaign_id}/board")
    async def progress(community_id: CommunityId, campaign_id: ItemId) -> CampaignBoard:
        """Who is how far, as of today or the campaign's end."""
        campaign = await _known(pool, community_id, campaign_id)
        async with pool.acquire() as connection:
            community, now = await community_now(connection, community_id)
            dates = await store.counting_days(connection, community_id, campaign_id)
        until = min(local_day(now, community.profile.zone).date, campaign.last_date)
        rows = board(campaign, dates, until)[:200]
        items = [
            Place(rank=place, member_id=member_id, days=days, streak_days=run)
            for place, (member_id, days, run) in enumerate(rows, 1)
        ]
        return CampaignBoard(campaign_id=campaign_id, until=until, items=items)

    @routes.get("/{campaign_id}/testimonies")
    async def testimonies(
        community_id: CommunityId, campaign_id: ItemId, paging: PagingQuery
    ) -> Page[TestimonyShown]:
        """What members say of it, newest first."""
        after = paging.after(datetime.fromisoformat, str)
        rows = await store.testimonies(pool, community_id, campaign_id, after, paging.rows)
        return paging.page(
            rows, TestimonyShown.of, lambda row: [row["occurred_at"].isoformat(), row["message_id"]]
        )


def _add_overruling(routes: APIRouter, pool: Pool) -> None:
    @routes.post("/{campaign_id}/excuse")
    async def excuse(
        community_id: CommunityId, campaign_id: ItemId, excused: Excused, by: Operator
    ) -> CampaignShown:
        """Let dates break nobody's streak: an outage, a holiday."""
        async with request_work(pool, SERVICE, community_id) as work:
            if not await store.excuse(work.connection, community_id, campaign_id, excused.dates, by):
                raise refused("campaign-unknown", Kind.NOT_FOUND)
        return CampaignShown.of(await _known(pool, community_id, campaign_id))

    @routes.post("/{campaign_id}/close")
    async def close(
        community_id: CommunityId, campaign_id: ItemId, because: Because, by: Operator
    ) -> CampaignShown:
        """End a campaign early."""
        async with request_work(pool, SERVICE, community_id) as work:
            if not await store.close(work.connection, community_id, campaign_id, by):
                raise refused("campaign-unknown", Kind.NOT_FOUND)
        return CampaignShown.of(await _known(pool, community_id, campaign_id))

    @routes.post("/proofs/{message_id}/refuse", status_code=204)
    async def refuse(community_id: CommunityId, message_id: ItemId, because: Because, by: Operator) -> None:
        """Overrule a check-in: its message does not count, and what follows from it is taken back."""
        async with request_work(pool, SERVICE, community_id) as work:
            _, now = await community_now(work.connection, community_id)
            if not await refuse_proof(work, community_id, message_id, by, because.reason, now):
                raise refused("proof-unknown", Kind.NOT_FOUND)


async def _known(pool: Pool, community_id: str, campaign_id: str) -> Campaign:
    known = (await store.load_campaigns(pool, [community_id])).get(community_id, ())
    found = next((each for each in known if each.campaign_id == campaign_id), None)
    if found is None:
        raise refused("campaign-unknown", Kind.NOT_FOUND)
    return found


def _campaign(community_id: str, new: NewCampaign) -> Campaign:
    windows = tuple(
        Window(each.begins.replace(tzinfo=None), each.ends.replace(tzinfo=None)) for each in new.windows
    )
    lasts = (new.last_date - new.first_date).days
    if not 0 <= lasts < DAYS_MAX or any(each.ends <= each.begins for each in windows):
        raise refused("campaign-invalid", Kind.INVALID, days=DAYS_MAX)
    return Campaign(
        community_id, new.campaign_id, new.title, new.keyword, new.channel_id, new.first_date, new.last_date,
        windows, new.proof, new.text_min, new.freezes, new.makeups, frozenset(),
    )  # fmt: skip
