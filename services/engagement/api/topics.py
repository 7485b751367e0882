"""The topic bank over HTTP: list, add, change, retire."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

import asyncpg
from fastapi import APIRouter, Query
from pydantic import BaseModel, Field, StringConstraints

from services.engagement.api.acts import SERVICE, Body, CommunityId, ItemId, Operator, Said, refused
from services.engagement.domain.topic import TAGS_MAX, Topic, TopicState
from services.engagement.store import topics as store
from shared.contracts.identity import event_id
from shared.engine import request_work
from shared.http.pages import Page, PagingQuery
from shared.http.problems import Kind
from shared.postgres.connection import Pool

AT_ONCE = 500
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Tag = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64, pattern=r"^[^\x1f]+$")
]


class TopicShown(BaseModel):
    """Something to talk about, and how it did."""

    topic_id: str
    text: str
    """Empty of a shipped topic, which is said in the community's language."""
    tags: list[str]
    source: str
    state: str
    seeded: int
    answered: int
    """Seedings that somebody answered within half an hour."""
    replies: int
    members: int
    failures: int
    """Seedings in a row that nobody answered; at six it retires."""
    last_seeded_at: datetime | None
    rests_days: int

    @classmethod
    def of(cls, row: asyncpg.Record) -> "TopicShown":
        """A row of the store."""
        return cls(**row)


class NewTopic(Body):
    """A topic to add; without an id it gets one of its text, so that it is added once."""

    topic_id: Annotated[str, StringConstraints(min_length=1, max_length=255)] | None = None
    text: Said
    tags: list[Tag] = Field(default=[], max_length=TAGS_MAX)
    rests_days: int = Field(default=30, ge=0, le=3650)


class NewTopics(Body):
    """Topics to add, such as an imported list."""

    topics: list[NewTopic] = Field(min_length=1, max_length=AT_ONCE)


class Added(BaseModel):
    """Ids of those that were not there."""

    added: list[str]


class TopicChange(Body):
    """New values; what is left out stays."""

    text: Said | None = None
    tags: Annotated[list[Tag], Field(max_length=TAGS_MAX)] | None = None
    state: Literal["active", "retired"] | None = None
    """Back to `active`, a topic's failures in a row are forgiven."""


def router(pool: Pool) -> APIRouter:
    """The routes under `/v1/communities/{community_id}/topics`."""
    routes = APIRouter(prefix="/v1/communities/{community_id}/topics", tags=["topics"])

    @routes.get("")
    async def topics(
        community_id: CommunityId,
        paging: PagingQuery,
        state: Annotated[TopicState | None, Query()] = None,
        tag: Annotated[str | None, Query(min_length=1, max_length=64)] = None,
    ) -> Page[TopicShown]:
        """The bank, by id."""
        (after,) = paging.after(str) or (None,)
        rows = await store.topics(pool, community_id, state, tag, after, paging.rows)
        return paging.page(rows, TopicShown.of, lambda row: [row["topic_id"]])

    @routes.post("", status_code=201)
    async def add(community_id: CommunityId, new: NewTopics, by: Operator) -> Added:
        """Add topics; those that are there already stay as they are."""
        async with request_work(pool, SERVICE, community_id) as work:
            given = [_new(community_id, topic) for topic in new.topics]
            return Added(added=await store.add_topics(work.connection, given, by))

    @routes.patch("/{topic_id}")
    async def change(
        community_id: CommunityId, topic_id: ItemId, change: TopicChange, by: Operator
    ) -> TopicShown:
        """Change a topic, retire it or let it back."""
        async with request_work(pool, SERVICE, community_id) as work:
            known = await store.named_topics(work.connection, [(community_id, topic_id)])
            if not known:
                raise refused("topic-unknown", Kind.NOT_FOUND)
            topic = _changed(known[0], change)
            await store.save_topics(work.connection, [topic], by)
        return _shown(topic)

    return routes


def _new(community_id: str, new: NewTopic) -> Topic:
    name = new.topic_id or event_id(EPOCH, "topic", community_id, new.text)
    rests = timedelta(days=new.rests_days)
    return Topic(community_id, name, new.text, tuple(dict.fromkeys(new.tags)), rests=rests)


def _changed(topic: Topic, change: TopicChange) -> Topic:
    state = change.state or topic.state
    return replace(
        topic,
        text=change.text or topic.text,
        tags=tuple(dict.fromkeys(change.tags)) if change.tags is not None else topic.tags,
        state=state,
        failures=0 if state == "active" and topic.state != "active" else topic.failures,
    )


def _shown(topic: Topic) -> TopicShown:
    return TopicShown(
        topic_id=topic.topic_id, text=topic.text, tags=list(topic.tags), source=topic.source,
        state=topic.state, seeded=topic.seeded, answered=topic.answered, replies=topic.replies,
        members=topic.members, failures=topic.failures, last_seeded_at=topic.last_seeded_at,
        rests_days=topic.rests.days,
    )  # fmt: skip
