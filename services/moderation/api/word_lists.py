"""A community's own word lists over HTTP: what they hold, changes with a look for mistakes, versions."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict

from services.moderation.api.acts import CommunityId, Locale, Operator, Reason, refused
from services.moderation.api.word_list_documents import (
    REQUEST,
    RESPONSES,
    Doubtful,
    Looked,
    Read,
    look_at,
    shown,
    tab_separated,
)
from services.moderation.domain.lexicon import Entry
from services.moderation.domain.policy import BadPolicy
from services.moderation.handlers.change_lists import TooMany
from services.moderation.handlers.change_word_lists import OtherListVersion, change_word_list
from services.moderation.handlers.rulebooks import RuleBooks
from services.moderation.store import word_lists as store
from services.moderation.store.word_lists import ListVersion
from shared.engine import request_work
from shared.http.problems import Kind
from shared.postgres.connection import Pool

CATEGORY = "spam"
PREFIX = "/v1/communities/{community_id:path}/word-lists"
Name = Annotated[str, Path(pattern=r"^[\w.-]{1,64}$")]
Version = Annotated[int, Query(ge=0, le=2**31 - 2, description="The one that was seen; 0 for a new list.")]
AnyVersion = Annotated[int | None, Query(ge=1, le=2**31 - 2, description="One that is kept.")]
Category = Annotated[str, Query(pattern=r"^[\w-]{1,32}$", description="Of words that name none.")]
Because = Annotated[Reason, Query()]


class WordListShown(BaseModel):
    """A list, and its last change."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    name: str
    """What rules call it in `lists`; it stands before a shipped list of the same name."""
    version: int
    """Goes into the next change; counts the changes of all lists of the community."""
    words: int
    changed_at: datetime
    changed_by: str
    reason: str


class WordListChanged(Looked):
    """A list after a change."""

    name: str
    version: int
    words: int


def router(pool: Pool, books: RuleBooks) -> APIRouter:
    """The routes under a community's word lists."""
    routes = APIRouter(prefix=PREFIX, tags=["word lists"])
    _add_reading(routes, pool)
    _add_changes(routes, pool, books)
    return routes


def _add_reading(routes: APIRouter, pool: Pool) -> None:
    @routes.get("")
    async def lists(community_id: CommunityId) -> list[WordListShown]:
        """The community's lists by name."""
        async with pool.acquire() as connection:
            return [_shown(row) for row in await store.lists_of(connection, community_id)]

    @routes.get("/{name}/versions")
    async def versions(community_id: CommunityId, name: Name) -> list[WordListShown]:
        """The last changes with who made them and why, newest first; one without words took it away."""
        async with pool.acquire() as connection:
            return [_shown(row) for row in await store.list_versions(connection, community_id, name)]

    @routes.get("/{name}", response_class=Response, responses=RESPONSES)
    async def entries(
        community_id: CommunityId,
        name: Name,
        version: AnyVersion = None,
    ) -> Response:
        """What it holds, tab-separated as it can be put again; its version is the ETag."""
        async with pool.acquire() as connection:
            row = await store.load_list(connection, community_id, name, version)
        if row is None or row.entries is None:
            raise refused("word-list-unknown", Kind.NOT_FOUND)
        text = tab_separated(store.entries_of(row.entries))
        return Response(text, media_type="text/tab-separated-values", headers={"etag": f'"{row.version}"'})

    @routes.post("/{name}/lint", openapi_extra=REQUEST)
    async def lint(
        community_id: CommunityId, name: Name, request: Request, locale: Locale, category: Category = CATEGORY
    ) -> Looked:
        """What of a list cannot be read, and which words are too broad; nothing is saved."""
        return shown(await _read(request, category), locale)


def _add_changes(routes: APIRouter, pool: Pool, books: RuleBooks) -> None:
    @routes.put("/{name}", openapi_extra=REQUEST)
    async def put(
        community_id: CommunityId, name: Name, request: Request, operator: Operator, reason: Because,
        version: Version, locale: Locale, category: Category = CATEGORY, doubtful: Doubtful = "refuse",
    ) -> WordListChanged:  # fmt: skip
        """Make this file the list; 409 when it was changed since `version`.

        Doubtful words, which stand in innocent sentences or are single characters, are refused until
        `doubtful` says to leave them out or to keep them.
        """
        read = await _read(request, category)
        looked = shown(read, locale)
        if looked.doubtful and doubtful == "refuse":
            found = [each.model_dump() for each in looked.findings]
            raise refused("word-list-doubtful", Kind.INVALID, doubtful=looked.doubtful, findings=found)
        entries = read.kept if doubtful == "leave_out" else read.entries
        if not entries:
            raise refused("word-list-empty", Kind.INVALID)
        number = await _change(pool, books, community_id, name, version, entries, operator, reason)
        return WordListChanged(**looked.model_dump(), name=name, version=number, words=len(entries))

    @routes.delete("/{name}", status_code=204)
    async def take_away(
        community_id: CommunityId, name: Name, operator: Operator, reason: Because, version: Version
    ) -> None:
        """Take the list away; refused while a rule names it. Its last versions are kept."""
        if version == 0:
            raise refused("word-list-unknown", Kind.NOT_FOUND)
        await _change(pool, books, community_id, name, version, None, operator, reason)


async def _read(request: Request, category: str) -> Read:
    data = await request.body()
    try:
        return await asyncio.to_thread(look_at, data, category)
    except ValueError as error:
        raise refused("word-list-unreadable", Kind.INVALID, why=str(error)) from None


async def _change(
    pool: Pool,
    books: RuleBooks,
    community_id: str,
    name: str,
    seen: int,
    entries: Sequence[Entry] | None,
    by: str,
    reason: str,
) -> int:
    try:
        async with request_work(pool, "moderation", community_id) as work:
            return await change_word_list(work, books, community_id, name, seen, entries, by, reason)
    except OtherListVersion as error:
        raise refused("word-list-changed", Kind.CONFLICT, version=error.version) from None
    except TooMany as error:
        raise refused("word-lists-full", Kind.CONFLICT, most=error.most) from None
    except BadPolicy as error:
        raise refused("word-list-needed", Kind.CONFLICT, complaints=error.complaints) from None


def _shown(row: ListVersion) -> WordListShown:
    return WordListShown(**{name: getattr(row, name) for name in WordListShown.model_fields})
