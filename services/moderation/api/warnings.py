"""Early warnings over HTTP (风险预警): what rose, against what is usual, and with which evidence."""

from datetime import date, datetime
from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel

from services.moderation.api.acts import CommunityId
from services.moderation.store import pulse as store
from shared.http.pages import Page, PagingQuery
from shared.postgres.connection import Pool


class RiskWarning(BaseModel):
    """A count far above what is usual for the community."""

    kind: Literal["findings", "negative", "leaves"]
    day: date
    span: Literal["hour", "day"]
    starts_at: datetime
    """Start of the hour or of the community's day in which it rose."""
    warned_at: datetime
    counted: int
    """How many there were at that moment."""
    expected: float
    """How many were to be expected, from the same time of the last 28 days."""
    rule: str | None
    """The rule with most findings in that time."""
    ids: list[str]
    """The first messages with findings or negative words, or the first members who left."""


def router(pool: Pool) -> APIRouter:
    """The routes under `/v1/communities/{community_id}`."""
    routes = APIRouter(prefix="/v1/communities/{community_id}", tags=["care"])

    @routes.get("/warnings")
    async def warnings(community_id: CommunityId, paging: PagingQuery) -> Page[RiskWarning]:
        """What operators were warned of, newest first."""
        after = paging.after(datetime.fromisoformat, str)
        rows = await store.warnings_of(pool, community_id, after, paging.rows)
        return paging.page(
            rows,
            lambda row: RiskWarning(**dict(row)),
            lambda row: [row["warned_at"].isoformat(), row["kind"]],
        )

    return routes
