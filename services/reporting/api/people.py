"""Members, cohorts, what is talked about, and all communities side by side."""

from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from services.reporting.api.asking import (
    CommunityId,
    From,
    PeriodName,
    To,
    asked_period,
    asked_span,
    known_community,
    snapshot,
)
from services.reporting.domain.metric import RATE_FROM
from services.reporting.domain.periods import By, days_before
from services.reporting.handlers.read_content import read_content
from services.reporting.handlers.read_people import read_cohorts, read_people
from services.reporting.handlers.read_portfolio import COMMUNITIES_MAX, read_portfolio
from shared.postgres.connection import Pool


class PersonDocument(BaseModel):
    """A member, in this span and the one before."""

    member_id: str
    name: str
    messages: int
    before: int
    people_answered: int


class PeopleDocument(BaseModel):
    """Lists of members; nobody who opted out or was forgotten is on one."""

    first: date
    last: date
    top: list[PersonDocument]
    rising: list[PersonDocument] = Field(
        description="10 messages or more, and twice those of the span before"
    )
    at_risk: list[PersonDocument] = Field(description="10 messages or more before, now a quarter or less")
    helpers: list[PersonDocument] = Field(description="by how many people each answered")


class CohortDocument(BaseModel):
    """Members whose first message lies in one period."""

    period: str
    members: int
    later: list[int] = Field(description="how many wrote in each period since, its own first")
    rates: list[float] | None = Field(description=f"in percent; null of fewer than {RATE_FROM} members")


class WordDocument(BaseModel):
    """A word or brand, by messages."""

    word: str
    messages: int
    before: int
    weight: float


class ContentDocument(BaseModel):
    """What is talked about, of days that were read: on Mondays, and with each weekly or monthly report."""

    first: date
    last: date
    words: list[WordDocument] = Field(description="by TF-IDF against the 90 days before")
    falling: list[WordDocument]
    mentions: list[WordDocument]
    friendly: int = Field(description="messages; by lists of words, a rough measure")
    unfriendly: int


class CommunityRow(BaseModel):
    """One community beside the others."""

    community_id: str
    name: str
    metrics: dict[str, float | int | None]
    before: dict[str, float | int | None]
    outlier: float = Field(description="how far its change lies from the others', in robust deviations")
    unusual: list[str] = Field(
        description="metrics whose change lies 3.5 deviations or more from the others'"
    )


class PortfolioDocument(BaseModel):
    """All communities of a period, outliers first."""

    period: str
    communities: list[CommunityRow]
    left_out: int = Field(description=f"communities beyond the first {COMMUNITIES_MAX} by id")


def router(pool: Pool) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/v1", tags=["people"])
    _add_people(routes, pool)
    _add_content(routes, pool)

    @routes.get("/portfolio")
    async def portfolio(period: PeriodName) -> PortfolioDocument:
        """Every community in a period, outliers first."""
        wanted, by = asked_period(period)
        async with snapshot(pool) as connection:
            rows, left_out = await read_portfolio(connection, wanted, by)
        return PortfolioDocument(
            period=wanted.name, communities=[CommunityRow(**row._asdict()) for row in rows], left_out=left_out
        )

    return routes


def _add_people(routes: APIRouter, pool: Pool) -> None:
    @routes.get("/communities/{community_id:path}/people")
    async def people(community_id: CommunityId, first: From = None, to: To = None) -> PeopleDocument:
        """Who writes most, who rises, who may be leaving, who answers many."""
        async with snapshot(pool) as connection:
            known = await known_community(connection, community_id)
            span = asked_span(first, to, known.last_day)
            found = await read_people(connection, community_id, span, days_before(span, span.days))
        lists: dict[str, Any] = {
            name: [PersonDocument(**row._asdict()) for row in rows] for name, rows in _lists(found).items()
        }
        return PeopleDocument(first=span.first, last=span.last, **lists)

    @routes.get("/communities/{community_id:path}/cohorts")
    async def cohorts(
        community_id: CommunityId,
        first: From = None,
        to: To = None,
        by: Annotated[Literal["week", "month"], Query()] = "week",
    ) -> list[CohortDocument]:
        """Members by the period of their first message, and how many of them wrote in each one since."""
        async with snapshot(pool) as connection:
            known = await known_community(connection, community_id)
            span = asked_span(first, to, known.last_day)
            rows = await read_cohorts(connection, community_id, span, By(by), known.today)
        return [
            CohortDocument(
                period=row.name,
                members=row.members,
                later=list(row.later),
                rates=[100 * count / row.members for count in row.later]
                if row.members >= RATE_FROM
                else None,
            )
            for row in rows
        ]


def _lists(found: Any) -> dict[str, Any]:
    return {name: getattr(found, name) for name in ("top", "rising", "at_risk", "helpers")}


def _add_content(routes: APIRouter, pool: Pool) -> None:
    @routes.get("/communities/{community_id:path}/content")
    async def content(community_id: CommunityId, first: From = None, to: To = None) -> ContentDocument:
        """Keywords, rising and falling themes, brands, mood."""
        async with snapshot(pool) as connection:
            known = await known_community(connection, community_id)
            span = asked_span(first, to, known.last_day)
            found = await read_content(connection, community_id, span, days_before(span, span.days))
        lists = {
            name: [WordDocument(**row._asdict()) for row in getattr(found, name)]
            for name in ("words", "falling", "mentions")
        }
        return ContentDocument(
            first=span.first, last=span.last, friendly=found.friendly, unfriendly=found.unfriendly, **lists
        )
