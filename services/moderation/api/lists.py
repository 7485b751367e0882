"""Lists over HTTP: members, hosts and words that an owner allows or denies, and who follows them."""

from datetime import datetime
from typing import Annotated, Literal

import asyncpg
from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from services.moderation.api.acts import Because, Body, CommunityId, Operator, Reason, refused
from services.moderation.domain.listing import BadEntry
from services.moderation.handlers.change_lists import (
    LISTS_MAX,
    TooMany,
    UnknownList,
    change_entries,
    create_list,
    follow_list,
)
from services.moderation.store import lists as store
from shared.engine import request_work
from shared.http.pages import Page, PagingQuery
from shared.http.problems import Kind
from shared.postgres.connection import Pool

ENTRIES_AT_ONCE_MAX = 2000
ListId = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9_-]{0,99}$")]


class NewList(Body):
    """A list of an owner, for all communities that will follow it."""

    list_id: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,99}$")
    owner: str = Field(min_length=1, max_length=255)
    name: str = Field(min_length=1, max_length=255)
    effect: Literal["allow", "deny"]
    reason: Reason


class ListShown(BaseModel):
    """A list."""

    list_id: str
    owner: str
    name: str
    effect: str
    version: int
    """Counts the changes of its entries."""


class EntryShown(Body):
    """Something that a list holds: a member's id, a host with all below it, or a word."""

    kind: Literal["member", "host", "word"]
    value: str = Field(min_length=1, max_length=255)


class EntryChange(Body):
    """Entries to put on a list or to take off, and why."""

    add: list[EntryShown] = Field(default_factory=list, max_length=ENTRIES_AT_ONCE_MAX)
    take_off: list[EntryShown] = Field(default_factory=list, max_length=ENTRIES_AT_ONCE_MAX)
    reason: Reason


class EntriesChanged(BaseModel):
    """What became of it: entries that were there already, or were not, are not counted."""

    added: int
    taken_off: int


class ActShown(BaseModel):
    """Who did what to a list, and why."""

    at: datetime
    actor: str
    act: str
    reason: str
    community_id: str | None
    kind: str | None
    value: str | None


def router(pool: Pool) -> APIRouter:
    """The routes of lists, and of the lists of a community."""
    routes = APIRouter(prefix="/v1", tags=["lists"])
    _add_lists(routes, pool)
    _add_entries(routes, pool)
    _add_following(routes, pool)
    return routes


def _add_lists(routes: APIRouter, pool: Pool) -> None:
    @routes.post("/lists", status_code=201)
    async def create(new: NewList, operator: Operator) -> ListShown:
        """Make a list; its id is new."""
        row = new.list_id, new.owner, new.name, new.effect
        async with request_work(pool, "moderation", new.list_id) as work:
            if not await create_list(work, *row, operator, new.reason):
                raise refused("list-exists", Kind.CONFLICT)
        return ListShown(**new.model_dump(exclude={"reason"}), version=1)

    @routes.get("/lists")
    async def lists(
        owner: Annotated[str, Query(min_length=1, max_length=255)], paging: PagingQuery
    ) -> Page[ListShown]:
        """The lists of an owner."""
        (after,) = paging.after(str) or (None,)
        rows = await pool.fetch(store.LISTS_OF_OWNER, owner, after, paging.rows)
        return paging.page(rows, _list, lambda row: [row["list_id"]])

    @routes.get("/lists/{list_id}/history")
    async def history(list_id: ListId, paging: PagingQuery) -> Page[ActShown]:
        """Every change with who made it and why, newest first."""
        (before,) = paging.after(int) or (None,)
        rows = await pool.fetch(store.HISTORY, list_id, before, paging.rows)
        return paging.page(rows, _act, lambda row: [row["number"]])


def _add_entries(routes: APIRouter, pool: Pool) -> None:
    @routes.get("/lists/{list_id}/entries")
    async def entries(list_id: ListId, paging: PagingQuery) -> Page[EntryShown]:
        """What the list holds, by kind and value."""
        kind, value = paging.after(str, str) or (None, None)
        rows = await pool.fetch(store.ENTRIES, list_id, kind, value, paging.rows)
        return paging.page(rows, lambda row: EntryShown(**row), lambda row: [row["kind"], row["value"]])

    @routes.post("/lists/{list_id}/entries")
    async def change(list_id: ListId, change: EntryChange, operator: Operator) -> EntriesChanged:
        """Put entries on the list and take others off, all or none."""
        added = [(each.kind, each.value) for each in change.add]
        dropped = [(each.kind, each.value) for each in change.take_off]
        try:
            async with request_work(pool, "moderation", list_id) as work:
                counts = await change_entries(work, list_id, added, dropped, operator, change.reason)
        except UnknownList:
            raise refused("list-unknown", Kind.NOT_FOUND) from None
        except BadEntry as error:
            raise refused("entry-invalid", Kind.INVALID, value=error.value) from None
        except TooMany as error:
            raise refused("list-full", Kind.CONFLICT, entries_max=error.most) from None
        return EntriesChanged(added=counts[0], taken_off=counts[1])


def _add_following(routes: APIRouter, pool: Pool) -> None:
    prefix = "/communities/{community_id:path}/lists"

    @routes.get(prefix)
    async def followed(community_id: CommunityId) -> list[ListShown]:
        """The lists that the community follows."""
        async with pool.acquire() as connection:
            return [_list(row) for row in await store.lists_of(connection, [community_id])]

    @routes.post(prefix + "/{list_id}/follow", status_code=204)
    async def follow(
        community_id: CommunityId, list_id: ListId, operator: Operator, because: Because
    ) -> None:
        """Follow a list: its entries hold in this community too, from its next message on."""
        await _follow(pool, community_id, list_id, operator, because.reason, follows=True)

    @routes.post(prefix + "/{list_id}/unfollow", status_code=204)
    async def unfollow(
        community_id: CommunityId, list_id: ListId, operator: Operator, because: Because
    ) -> None:
        """Follow it no more."""
        await _follow(pool, community_id, list_id, operator, because.reason, follows=False)


async def _follow(
    pool: Pool, community_id: str, list_id: str, by: str, reason: str, *, follows: bool
) -> None:
    try:
        async with request_work(pool, "moderation", community_id) as work:
            await follow_list(work, community_id, list_id, by, reason, follows=follows)
    except UnknownList:
        raise refused("list-unknown", Kind.NOT_FOUND) from None
    except TooMany:
        raise refused("lists-too-many", Kind.CONFLICT, lists_max=LISTS_MAX) from None


def _list(row: asyncpg.Record) -> ListShown:
    return ListShown(**{name: row[name] for name in ListShown.model_fields})


def _act(row: asyncpg.Record) -> ActShown:
    return ActShown(**{name: row[name] for name in ActShown.model_fields})
