"""Sources of topics over HTTP: feeds and hot lists, fetched when asked, and drafts of a language model."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Literal

import httpx
from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.engagement.api.acts import SERVICE, TEXTS, Body, CommunityId, ItemId, Name, Operator, refused
from services.engagement.api.topics import Tag
from services.engagement.domain.outside import Outside, Unreadable, titles_of
from services.engagement.domain.topic import TAGS_MAX, Topic
from services.engagement.handlers.fetching import BadAddress, draft, feed_titles, fetch, resolve
from services.engagement.store import sources as store
from services.engagement.store import topics
from services.engagement.store.sources import Source
from shared.contracts.identity import event_id
from shared.engine import load_community, request_work
from shared.http.problems import Kind
from shared.postgres.connection import Connection, Pool

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SUGGESTED = 5


class NewSource(Body):
    """A feed (RSS, Atom), or a JSON list with the paths to its items and to the title in each."""

    source_id: Name
    url: Annotated[str, Field(max_length=2000)]
    kind: Literal["feed", "json"] = "feed"
    items: Annotated[str, Field(max_length=200)] = ""
    """Of a JSON list: keys to the list, joined by dots; empty where the document is the list."""
    title: Annotated[str, Field(max_length=200)] = "title"
    tags: Annotated[list[Tag], Field(max_length=TAGS_MAX)] = []


class SourceShown(BaseModel):
    """A source, and what came of its last fetch."""

    source_id: str
    url: str
    kind: str
    tags: list[str]
    fetched_at: datetime | None
    note: str


class Sources(BaseModel):
    """All sources of a community."""

    items: list[SourceShown]


class Drafted(BaseModel):
    """Ids of the drafts that were added; a person lets them into the bank."""

    added: list[str]
    suggested: list[str] = []
    """Topics of the bank instead, where no model answered."""


class Theme(Body):
    """What to draft topics about."""

    theme: Name
    count: Annotated[int, Field(ge=1, le=20)] = 5


def router(pool: Pool, outside: Outside) -> APIRouter:
    """The routes under `/v1/communities/{community_id}`."""
    routes = APIRouter(prefix="/v1/communities/{community_id}", tags=["topics"])
    _add_sources(routes, pool, outside)
    _add_fetching(routes, pool, outside)
    _add_drafts(routes, pool, outside)
    return routes


def _add_sources(routes: APIRouter, pool: Pool, outside: Outside) -> None:
    @routes.get("/topic-sources")
    async def sources(community_id: CommunityId) -> Sources:
        """Where topics are fetched from."""
        known = await store.sources(pool, community_id)
        return Sources(items=[_shown(each) for each in known])

    @routes.post("/topic-sources", status_code=201)
    async def add(community_id: CommunityId, new: NewSource, by: Operator) -> SourceShown:
        """Add a source; its address must be public."""
        try:
            await resolve(new.url, outside)
        except BadAddress:
            raise refused("source-address", Kind.INVALID) from None
        mapping = {"items": new.items, "title": new.title}
        source = Source(community_id, new.source_id, new.url, new.kind, mapping, tuple(new.tags))
        async with request_work(pool, SERVICE, community_id) as work:
            if not await store.add_source(work.connection, source):
                raise refused("source-exists", Kind.CONFLICT)
        return _shown(source)


def _add_fetching(routes: APIRouter, pool: Pool, outside: Outside) -> None:
    @routes.post("/topic-sources/{source_id}/fetch")
    async def fetch_now(community_id: CommunityId, source_id: ItemId, by: Operator) -> Drafted:
        """Fetch it now; what is new becomes drafts of topics."""
        found = await store.sources(pool, community_id, source_id)
        if not found:
            raise refused("source-unknown", Kind.NOT_FOUND)
        source, why = found[0], ""
        try:
            answer = await fetch(source.url, outside, source.etag, source.modified)
            titles = await _titles(source, answer.body)
        except (BadAddress, Unreadable, httpx.HTTPError, httpx.InvalidURL) as error:
            why = str(error) if isinstance(error, Unreadable) else type(error).__name__
        async with request_work(pool, SERVICE, community_id) as work:
            if why:
                await store.note_fetch(work.connection, source, None, None, work.now, why)
                added = []
            else:
                await store.note_fetch(work.connection, source, answer.etag, answer.modified, work.now, "")
                added = await _add(work.connection, community_id, titles, source.tags, source_id, by)
        if why:
            raise refused("source-failed", Kind.UNAVAILABLE, why=why)
        return Drafted(added=added)


def _add_drafts(routes: APIRouter, pool: Pool, outside: Outside) -> None:
    @routes.post("/topics/drafts")
    async def drafts(community_id: CommunityId, theme: Theme, by: Operator) -> Drafted:
        """Let a language model draft topics; where none answers in time, the bank's are suggested."""
        async with pool.acquire() as connection:
            locale = (await load_community(connection, community_id)).profile.locale
        prompt = TEXTS.say(locale, "drafts.prompt", theme=theme.theme, count=theme.count)
        lines = await draft(prompt, theme.count, outside)
        if not lines:
            rows = await topics.topics(pool, community_id, "active", None, None, SUGGESTED)
            return Drafted(added=[], suggested=[row["text"] for row in rows if row["text"]])
        async with request_work(pool, SERVICE, community_id) as work:
            return Drafted(added=await _add(work.connection, community_id, lines, (), "model", by))


async def _titles(source: Source, body: bytes | None) -> list[str]:
    if body is None:
        return []
    return await feed_titles(body) if source.kind == "feed" else titles_of(body, source.mapping)


async def _add(
    connection: Connection,
    community_id: str,
    titles: Sequence[str],
    tags: Sequence[str],
    source_id: str,
    by: str,
) -> list[str]:
    drafts = [
        Topic(
            community_id,
            event_id(EPOCH, "topic", community_id, title),
            title,
            tuple(tags),
            source_id,
            "draft",
        )
        for title in titles
    ]
    return await topics.add_topics(connection, drafts, by)


def _shown(source: Source) -> SourceShown:
    return SourceShown(
        source_id=source.source_id, url=source.url, kind=source.kind, tags=list(source.tags),
        fetched_at=source.fetched_at, note=source.note,
    )  # fmt: skip
