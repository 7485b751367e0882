"""Gatherings over HTTP: plan, move, cancel; guests; a session's questions."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Literal

import asyncpg
from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, Field

from services.engagement.api.acts import (
    SERVICE,
    TEXTS,
    Because,
    Body,
    CommunityId,
    ItemId,
    MemberId,
    Name,
    Operator,
    community_now,
    refused,
)
from services.engagement.domain.attention import PostKind
from services.engagement.domain.gathering import LASTS_MAX, Gathering
from services.engagement.handlers.announce_gatherings import plan, said_time
from services.engagement.handlers.gatherings import tell_place
from services.engagement.handlers.posting import post_all, wish
from services.engagement.store import choices
from services.engagement.store import gatherings as store
from shared.contracts.engagement import EventAttended, EventCancelled, EventMoved
from shared.engine import UnitOfWork, request_work
from shared.engine.community import Community
from shared.http.pages import Page, PagingQuery
from shared.http.problems import Kind
from shared.postgres.connection import Pool


class GatheringShown(BaseModel):
    """A gathering."""

    event_id: str
    version: int
    title: str
    channel_id: str
    place: str
    is_session: bool
    host_id: str | None
    speaker_ids: list[str]
    starts_at: datetime
    ends_at: datetime
    capacity: int | None
    state: str

    @classmethod
    def of(cls, row: asyncpg.Record) -> "GatheringShown":
        """A row of the store."""
        return cls(**row)


class NewGathering(Body):
    """A gathering to plan; a session is hosted in its channel, with opening, questions and closing."""

    event_id: Name
    title: Name
    channel_id: Name
    place: Annotated[str, Field(max_length=255)] = ""
    is_session: bool = False
    host_id: Name | None = None
    speaker_ids: Annotated[list[Name], Field(max_length=50)] = []
    starts_at: AwareDatetime
    ends_at: AwareDatetime
    capacity: Annotated[int, Field(ge=1, le=100_000)] | None = None


class Moved(Body):
    """Another time."""

    starts_at: AwareDatetime
    ends_at: AwareDatetime
    version: int
    """The version that was shown."""


class Guest(BaseModel):
    """Somebody who answered or came."""

    member_id: str
    state: Literal["going", "waiting", "away"]
    asked_at: datetime
    attended_at: datetime | None


class GuestList(BaseModel):
    """In the order in which they asked."""

    items: list[Guest]


class Answer(Body):
    """Whether a member comes."""

    comes: bool


class Queued(BaseModel):
    """A question to the speakers."""

    message_id: str
    member_id: str
    asked_at: datetime
    text: str
    is_taken: bool


class Queue(BaseModel):
    """First asked first."""

    items: list[Queued]


def router(pool: Pool) -> APIRouter:
    """The routes under `/v1/communities/{community_id}/events`."""
    routes = APIRouter(prefix="/v1/communities/{community_id}/events", tags=["events"])
    _add_planning(routes, pool)
    _add_moving(routes, pool)
    _add_cancelling(routes, pool)
    _add_guests(routes, pool)
    _add_queue(routes, pool)
    return routes


def _add_planning(routes: APIRouter, pool: Pool) -> None:
    @routes.get("")
    async def gatherings(community_id: CommunityId, paging: PagingQuery) -> Page[GatheringShown]:
        """Gatherings, the latest start first."""
        after = paging.after(datetime.fromisoformat, str)
        rows = await store.gatherings(pool, community_id, after, paging.rows)
        return paging.page(
            rows, GatheringShown.of, lambda row: [row["starts_at"].isoformat(), row["event_id"]]
        )

    @routes.post("", status_code=201)
    async def begin(community_id: CommunityId, new: NewGathering, by: Operator) -> GatheringShown:
        """Plan a gathering; it is announced the evening before, half a day and an hour before."""
        async with request_work(pool, SERVICE, community_id) as work:
            community, now = await community_now(work.connection, community_id)
            if await store.named(work.connection, [(community_id, new.event_id)]):
                raise refused("event-exists", Kind.CONFLICT)
            _check(new.starts_at, new.ends_at, now)
            values = {**new.model_dump(), "speaker_ids": tuple(new.speaker_ids)}
            gathering = Gathering(community_id=community_id, version=1, state="planned", **values)
            await store.save(work.connection, gathering, by)
            plan(gathering, now, community.profile.time_zone, work)
        return _shown(gathering)


def _add_moving(routes: APIRouter, pool: Pool) -> None:
    @routes.post("/{event_id}/move")
    async def move(community_id: CommunityId, event_id: ItemId, moved: Moved, by: Operator) -> GatheringShown:
        """Give it another time; members are told, and it is announced anew."""
        async with request_work(pool, SERVICE, community_id) as work:
            gathering, community, now = await _planned(work, community_id, event_id)
            if gathering.version != moved.version:
                raise refused("event-changed", Kind.CONFLICT, version=gathering.version)
            _check(moved.starts_at, moved.ends_at, now)
            later = replace(
                gathering, starts_at=moved.starts_at, ends_at=moved.ends_at, version=moved.version + 1
            )
            await store.save(work.connection, later, by)
            plan(later, now, community.profile.time_zone, work)
            fact = EventMoved(
                community_id=community_id, event_id=event_id, starts_at=later.starts_at, moved_by=by
            )
            work.publish(fact, now)
            await _say(work, later, community, now, "moved")
        return _shown(later)


def _add_cancelling(routes: APIRouter, pool: Pool) -> None:
    @routes.post("/{event_id}/cancel")
    async def cancel(
        community_id: CommunityId, event_id: ItemId, because: Because, by: Operator
    ) -> GatheringShown:
        """Call it off; members are told."""
        async with request_work(pool, SERVICE, community_id) as work:
            gathering, community, now = await _planned(work, community_id, event_id)
            gone = replace(gathering, state="cancelled", version=gathering.version + 1)
            await store.save(work.connection, gone, by)
            plan(gone, now, community.profile.time_zone, work)
            fact = EventCancelled(
                community_id=community_id, event_id=event_id, cancelled_by=by, reason=because.reason
            )
            work.publish(fact, now)
            await _say(work, gone, community, now, "cancelled")
        return _shown(gone)


def _add_guests(routes: APIRouter, pool: Pool) -> None:
    @routes.get("/{event_id}/guests")
    async def guests(community_id: CommunityId, event_id: ItemId) -> GuestList:
        """Who comes, who waits, who came."""
        rows = await store.guest_list(pool, community_id, event_id)
        return GuestList(items=[Guest(**row) for row in rows])

    @routes.put("/{event_id}/guests/{member_id}", status_code=204)
    async def answer(
        community_id: CommunityId, event_id: ItemId, member_id: MemberId, answer: Answer, by: Operator
    ) -> None:
        """Note for a member that they come or do not; a free place goes to the first who waits."""
        async with request_work(pool, SERVICE, community_id) as work:
            gathering, community, now = await _planned(work, community_id, event_id)
            known = await store.guests_of(work.connection, [gathering])
            mine = known[community_id, event_id]
            promoted = mine.come(member_id, now) and None if answer.comes else mine.stay_away(member_id, now)
            await store.save_guests(work.connection, known)
            if promoted:
                tell_place(gathering, promoted, now, community.profile.locale, TEXTS, work)

    @routes.post("/{event_id}/guests/{member_id}/attended", status_code=204)
    async def attended(
        community_id: CommunityId, event_id: ItemId, member_id: MemberId, by: Operator
    ) -> None:
        """Note that a member was there."""
        async with request_work(pool, SERVICE, community_id) as work:
            if not await store.named(work.connection, [(community_id, event_id)]):
                raise refused("event-unknown", Kind.NOT_FOUND)
            _, now = await community_now(work.connection, community_id)
            for _ in await store.attend(work.connection, [(community_id, event_id, member_id, now)]):
                fact = EventAttended(community_id=community_id, event_id=event_id, member_id=member_id)
                work.publish(fact, now)


def _add_queue(routes: APIRouter, pool: Pool) -> None:
    @routes.get("/{event_id}/questions")
    async def queue(community_id: CommunityId, event_id: ItemId) -> Queue:
        """What a session's speakers are asked."""
        return Queue(items=[Queued(**row) for row in await store.queue(pool, community_id, event_id)])

    @routes.post("/{event_id}/questions/{message_id}/take", status_code=204)
    async def take(community_id: CommunityId, event_id: ItemId, message_id: ItemId, by: Operator) -> None:
        """A question was taken up."""
        async with request_work(pool, SERVICE, community_id) as work:
            if not await store.take(work.connection, community_id, event_id, message_id):
                raise refused("event-unknown", Kind.NOT_FOUND)


async def _planned(
    work: UnitOfWork, community_id: str, event_id: str
) -> tuple[Gathering, Community, datetime]:
    found = await store.named(work.connection, [(community_id, event_id)])
    if not found:
        raise refused("event-unknown", Kind.NOT_FOUND)
    gathering = found[community_id, event_id]
    if gathering.state != "planned":
        raise refused("event-over", Kind.CONFLICT, state=gathering.state)
    community, now = await community_now(work.connection, community_id)
    return gathering, community, now


def _check(starts_at: datetime, ends_at: datetime, now: datetime) -> None:
    if starts_at <= now:
        raise refused("event-in-the-past", Kind.INVALID)
    if not starts_at < ends_at <= starts_at + LASTS_MAX:
        raise refused("event-ends-wrong", Kind.INVALID)


async def _say(
    work: UnitOfWork, gathering: Gathering, community: Community, now: datetime, what: str
) -> None:
    profile = community.profile
    mine = (await choices.load_choices(work.connection, [gathering.community_id]))[gathering.community_id][0]
    text = TEXTS.say(
        profile.locale, f"event.{what}", title=gathering.title, time=said_time(gathering, profile)
    )
    subject = f"{gathering.event_id}:{what}:{gathering.version}"
    waits = max(gathering.starts_at - now, LASTS_MAX / 72)
    await post_all(
        [wish(PostKind.ANNOUNCEMENT, gathering.channel_id, subject, text, now, profile, mine, waits=waits)],
        work,
    )


def _shown(gathering: Gathering) -> GatheringShown:
    values = {name: getattr(gathering, name) for name in GatheringShown.model_fields}
    return GatheringShown(**{**values, "speaker_ids": list(gathering.speaker_ids)})
