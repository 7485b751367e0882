"""Sanctions over HTTP: which hold, which ever did, and lifting one."""

from datetime import datetime
from typing import Annotated, Literal

import asyncpg
from fastapi import APIRouter, Path, Query
from pydantic import BaseModel

from services.moderation.api.acts import Because, CommunityId, Operator, refused
from services.moderation.api.texts import TEXTS
from services.moderation.handlers.lift_sanctions import AlreadyLifted, NoSanction, overrule_sanction
from services.moderation.store import records
from shared.engine import request_work
from shared.http.pages import Page, PagingQuery
from shared.http.problems import Kind
from shared.postgres.connection import Pool

SanctionId = Annotated[str, Path(min_length=1, max_length=255)]


class SanctionShown(BaseModel):
    """A step of the ladder that a member was put on, and what became of it."""

    sanction_id: str
    member_id: str
    step: str
    case_id: str
    rule: str
    rule_version: int
    points: int
    """On the ladder, with the strike of this case."""
    applied_at: datetime
    until: datetime | None
    """The end of a mute; none for a reminder or a warning."""
    how: str
    """`told`, `muted`, or `unable` where the platform cannot mute."""
    applied_by: str | None
    lifted_at: datetime | None
    lifted_by: str | None
    """The person who lifted it; none where its time passed."""
    lift_reason: str

    @classmethod
    def of(cls, row: asyncpg.Record) -> "SanctionShown":
        """A row of the store."""
        return cls(**row)


def router(pool: Pool) -> APIRouter:
    """The routes under a community's sanctions."""
    routes = APIRouter(prefix="/v1/communities/{community_id:path}/sanctions", tags=["sanctions"])

    @routes.get("")
    async def sanctions(
        community_id: CommunityId,
        paging: PagingQuery,
        state: Literal["in_force", "all"] = "in_force",
        member_id: Annotated[str | None, Query(min_length=1, max_length=255)] = None,
    ) -> Page[SanctionShown]:
        """Mutes that hold now, or all sanctions, newest first."""
        after = paging.after(datetime.fromisoformat, str)
        async with pool.acquire() as connection:
            rows = await records.sanctions(
                connection, community_id, member_id, after, paging.rows, in_force=state == "in_force"
            )
        return paging.page(
            rows, SanctionShown.of, lambda row: [row["applied_at"].isoformat(), row["sanction_id"]]
        )

    @routes.post("/{sanction_id}/lift", status_code=204)
    async def lift(
        community_id: CommunityId, sanction_id: SanctionId, operator: Operator, because: Because
    ) -> None:
        """Overrule a sanction: its points are void, a mute ends, and the member is told."""
        try:
            async with request_work(pool, "moderation", community_id) as work:
                await overrule_sanction(work, TEXTS, community_id, sanction_id, operator, because.reason)
        except NoSanction:
            raise refused("sanction-unknown", Kind.NOT_FOUND) from None
        except AlreadyLifted as error:
            row = error.row
            raise refused(
                "sanction-lifted", Kind.CONFLICT, lifted_at=row["lifted_at"].isoformat(),
                lifted_by=row["lifted_by"], lift_reason=row["lift_reason"],
            ) from None  # fmt: skip

    return routes
