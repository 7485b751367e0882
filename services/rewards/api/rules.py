"""Rules over HTTP: what is in force, every version, and changes."""

from datetime import UTC, datetime
from typing import Annotated, Any

import asyncpg
from fastapi import APIRouter, Query, Request
from pydantic import AwareDatetime, BaseModel, ValidationError

from services.rewards.api.paths import PREFIX, CommunityId, Operator, Reason, refused
from services.rewards.handlers.change_rules import OtherVersion, TooEarly, change_rules
from services.rewards.store import rules as store
from shared.engine import load_community, request_work
from shared.http.pages import Page, PagingQuery
from shared.http.problems import Kind
from shared.postgres.connection import Pool

BODY = {"requestBody": {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}}}


class RulesShown(BaseModel):
    """The rules in force."""

    version: int
    rules: dict[str, Any]


class VersionShown(BaseModel):
    """One change; `document` is what it changes of the shipped rules."""

    version: int
    effective_from: datetime
    document: dict[str, Any]
    changed_at: datetime
    changed_by: str
    reason: str


def router(pool: Pool) -> APIRouter:
    """The routes of a community's rules."""
    routes = APIRouter(prefix=PREFIX + "/rules", tags=["rules"])
    _add_reading(routes, pool)
    _add_change(routes, pool)
    return routes


def _add_reading(routes: APIRouter, pool: Pool) -> None:
    @routes.get("")
    async def rules(community_id: CommunityId, at: AwareDatetime | None = None) -> RulesShown:
        """The rules in force now, or at a moment of the community's clock."""
        async with pool.acquire() as connection:
            community = await load_community(connection, community_id)
            moment = at or community.now(datetime.now(UTC))
            found = (await store.load_books(connection, [community_id])).at(community_id, moment)
        return RulesShown(version=found.version, rules=store.written(found))

    @routes.get("/versions")
    async def versions(community_id: CommunityId, paging: PagingQuery) -> Page[VersionShown]:
        """Every change with who made it and why, newest first."""
        (before,) = paging.after(int) or (None,)
        async with pool.acquire() as connection:
            rows = await store.page(connection, community_id, before, paging.rows)
        return paging.page(rows, _version, lambda row: [row["version"]])


def _add_change(routes: APIRouter, pool: Pool) -> None:
    @routes.put("", openapi_extra=BODY)
    async def change(
        community_id: CommunityId,
        request: Request,
        operator: Operator,
        reason: Annotated[Reason, Query()],
        version: Annotated[int, Query(ge=1, le=2**31 - 2, description="that the change was made of")],
        effective_from: AwareDatetime | None = None,
    ) -> RulesShown:
        """Add a version: what the body leaves out is as shipped. It holds from now on, or from later.

        409 when the rules were changed since `version`; 422 for what no community may have.
        """
        body = await request.body()
        try:
            async with request_work(pool, "rewards", community_id) as work:
                found = await change_rules(
                    work, community_id, version, body, effective_from, operator, reason
                )
        except ValidationError as error:
            errors = [f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()]
            raise refused("rules-invalid", Kind.INVALID, complaints=errors) from None
        except TooEarly as error:
            raise refused("rules-too-early", Kind.INVALID, now=error.now.isoformat()) from None
        except OtherVersion as error:
            raise refused("rules-changed", Kind.CONFLICT, version=error.version) from None
        return RulesShown(version=found.version, rules=store.written(found))


def _version(row: asyncpg.Record) -> VersionShown:
    known = dict(row)
    return VersionShown(**{**known, "document": store.decoded(known["document"])})
