"""What Hearth says by itself, over HTTP: what was said, what was not and why, and what waits for a person."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated

import asyncpg
from fastapi import APIRouter, Query
from pydantic import BaseModel

from services.engagement.api.acts import (
    SERVICE,
    Because,
    Body,
    CommunityId,
    ItemId,
    Operator,
    Said,
    community_now,
    refused,
)
from services.engagement.domain.post import Post, PostState
from services.engagement.handlers.posting import Wanted, post_all
from services.engagement.handlers.seeding import settle
from services.engagement.store import choices
from services.engagement.store import posts as store
from shared.engine import UnitOfWork, request_work
from shared.http.pages import Page, PagingQuery
from shared.http.problems import Kind
from shared.postgres.connection import Pool


class PostShown(BaseModel):
    """Something that Hearth said or wanted to say."""

    post_id: str
    channel_id: str
    kind: str
    subject_id: str
    text: str
    state: str
    reason: str | None
    """Why it was not sent: `quiet_hours`, `budget`, `cannot_send`, `stale`, `talking` or a person's."""
    wanted_at: datetime
    decided_at: datetime
    latest: datetime
    """After this it is not worth saying."""
    topic_id: str | None
    approved_by: str | None

    @classmethod
    def of(cls, row: asyncpg.Record) -> "PostShown":
        """A row of the store."""
        return cls(**row)


class Approval(Body):
    """Agreement, perhaps to another wording."""

    text: Said | None = None


def router(pool: Pool) -> APIRouter:
    """The routes under `/v1/communities/{community_id}/posts`."""
    routes = APIRouter(prefix="/v1/communities/{community_id}/posts", tags=["posts"])

    @routes.get("")
    async def posts(
        community_id: CommunityId,
        paging: PagingQuery,
        state: Annotated[PostState | None, Query()] = None,
        channel_id: Annotated[str | None, Query(min_length=1, max_length=255)] = None,
    ) -> Page[PostShown]:
        """What was said or wanted, newest first; `state=approval` waits for a person."""
        after = paging.after(datetime.fromisoformat, str)
        rows = await store.posts(pool, community_id, state, channel_id, after, paging.rows)
        return paging.page(rows, PostShown.of, lambda row: [row["wanted_at"].isoformat(), row["post_id"]])

    _add_decisions(routes, pool)
    return routes


def _add_decisions(routes: APIRouter, pool: Pool) -> None:
    @routes.post("/{post_id}/approve")
    async def approve(
        community_id: CommunityId, post_id: ItemId, approval: Approval, by: Operator
    ) -> PostShown:
        """Agree to a post: it is said now, or when the channel may be spoken to; too late it is skipped."""
        async with request_work(pool, SERVICE, community_id) as work:
            post = await _waiting(work, community_id, post_id)
            community, now = await community_now(work.connection, community_id)
            mine = (await choices.load_choices(work.connection, [community_id]))[community_id][0]
            agreed = replace(post, approved_by=by, text=approval.text or post.text)
            (decided,) = await post_all([Wanted(agreed, now, community.profile, mine)], work)
        return _shown(decided)

    @routes.post("/{post_id}/refuse")
    async def refuse(community_id: CommunityId, post_id: ItemId, because: Because, by: Operator) -> PostShown:
        """Refuse a post: it is never said."""
        async with request_work(pool, SERVICE, community_id) as work:
            post = await _waiting(work, community_id, post_id)
            _, now = await community_now(work.connection, community_id)
            refused_post = replace(
                post, state="skipped", reason=because.reason, approved_by=by, decided_at=now
            )
            await store.save_posts(work.connection, [refused_post])
            await settle([refused_post], work)
        return _shown(refused_post)


async def _waiting(work: UnitOfWork, community_id: str, post_id: str) -> Post:
    found = await store.load_posts(work.connection, [(community_id, post_id)])
    if not found:
        raise refused("post-unknown", Kind.NOT_FOUND)
    if found[0].state not in ("approval", "waiting"):
        raise refused("post-decided", Kind.CONFLICT, state=found[0].state)
    return found[0]


def _shown(post: Post) -> PostShown:
    return PostShown(
        post_id=post.post_id, channel_id=post.channel_id, kind=post.kind.value, subject_id=post.subject_id,
        text=post.text, state=post.state, reason=post.reason, wanted_at=post.wanted_at,
        decided_at=post.decided_at or post.wanted_at, latest=post.latest, topic_id=post.topic_id,
        approved_by=post.approved_by,
    )  # fmt: skip
