"""Fetches sources of topics when they are due, and turns what is new into drafts."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import httpx
import structlog

from services.engagement import metrics
from services.engagement.domain.outside import Outside, Unreadable, titles_of
from services.engagement.domain.topic import Topic
from services.engagement.handlers.fetching import BadAddress, feed_titles, fetch
from services.engagement.store import sources as store
from services.engagement.store import topics
from services.engagement.store.sources import Source
from shared.contracts.identity import event_id
from shared.postgres.connection import Connection, Pool

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ENGINE = "hearth"
AT_ONCE = 5
DRAFTS_MAX = 200
"""Of one source that nobody looked at: what comes then is left out until somebody does."""
log = structlog.stdlib.get_logger(__name__)


class Failed(Exception):
    """Nothing could be fetched; the text says why and holds nothing of what was fetched."""


@dataclass(frozen=True, slots=True)
class FetchSources:
    """By real time, outside of every batch; every replica may run it."""

    pool: Pool
    outside: Outside

    async def __call__(self, now: datetime) -> int:
        """Everything that is due, a few at a time; returns how many were tried."""
        async with self.pool.acquire() as connection:
            due = await store.take_due(connection, now, AT_ONCE)
        await asyncio.gather(*(self._try(each, now) for each in due))
        return len(due)

    async def _try(self, source: Source, now: datetime) -> None:
        try:
            await fetch_source(self.pool, source, self.outside, now, ENGINE)
        except Failed as failure:
            log.warning(
                "a source could not be fetched", action="source_failed",
                community_id=source.community_id, source_id=source.source_id, why=str(failure),
            )  # fmt: skip


async def fetch_source(pool: Pool, source: Source, outside: Outside, now: datetime, by: str) -> list[str]:
    """Fetch one, and note what came of it; returns the ids of new drafts. Raises `Failed`."""
    try:
        answer = await fetch(source.url, outside, source.etag, source.modified)
        titles = await _titles(source, answer.body)
    except (BadAddress, Unreadable, httpx.HTTPError, httpx.InvalidURL) as error:
        why = str(error) if isinstance(error, Unreadable) else type(error).__name__
        await store.note_failure(pool, source, now, why)
        metrics.SOURCES.labels("failed").inc()
        raise Failed(why) from error
    async with pool.acquire() as connection, connection.transaction():
        await store.note_fetch(connection, source, answer.etag, answer.modified, now)
        added = await add_drafts(connection, source.community_id, titles, source.tags, source.source_id, by)
    metrics.SOURCES.labels("fetched" if answer.body is not None else "unchanged").inc()
    return added


async def _titles(source: Source, body: bytes | None) -> list[str]:
    if body is None:
        return []
    return await feed_titles(body) if source.kind == "feed" else titles_of(body, source.mapping)


async def add_drafts(
    connection: Connection,
    community_id: str,
    titles: Sequence[str],
    tags: Sequence[str],
    source: str,
    by: str,
) -> list[str]:
    """Titles as drafts, each once for ever; returns the ids of those that are new."""
    room = max(0, DRAFTS_MAX - await topics.count_drafts(connection, community_id, source))
    drafts = [
        Topic(
            community_id, event_id(EPOCH, "topic", community_id, title), title, tuple(tags), source, "draft"
        )
        for title in titles[:room]
    ]
    return await topics.add_topics(connection, drafts, by)
