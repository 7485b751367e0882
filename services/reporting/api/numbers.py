"""Metrics, days, and what was received."""

from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query

from services.reporting.api.asking import (
    CommunityId,
    From,
    Locale,
    MetricNames,
    To,
    asked_metrics,
    asked_span,
    known_community,
    refused,
    snapshot,
)
from services.reporting.api.documents import (
    CommunityDocument,
    DayDocument,
    HeatDocument,
    MetricDocument,
    MetricsDocument,
    ReceivedDocument,
    ReconciliationDocument,
)
from services.reporting.domain.metric import Metric
from services.reporting.domain.metric_registry import METRICS
from services.reporting.domain.periods import By, Span
from services.reporting.handlers.read_numbers import (
    Numbers,
    is_divisible,
    read_channels,
    read_day,
    read_hours,
    read_numbers,
)
from services.reporting.store import numbers as store
from shared.http.language import locale_of
from shared.http.pages import Page, PagingQuery
from shared.http.problems import Kind
from shared.i18n import match
from shared.postgres.connection import Connection, Pool

CONSUMER_GROUP = "hearth.reporting"
Division = Annotated[
    Literal["day", "week", "month", "channel", "hour"],
    Query(description="channel and hour: only metrics that are sums"),
]


def router(pool: Pool) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/v1")
    _add_overview(routes, pool)
    _add_numbers(routes, pool)
    _add_received(routes, pool)
    return routes


def _add_overview(routes: APIRouter, pool: Pool) -> None:
    @routes.get("/metrics", tags=["metrics"])
    async def metric_definitions(language: Annotated[str, Depends(locale_of)]) -> list[MetricDocument]:
        """What every metric means and how it is computed."""
        return [MetricDocument.of(metric, language) for metric in METRICS]

    @routes.get("/communities", tags=["metrics"])
    async def communities(paging: PagingQuery) -> Page[CommunityDocument]:
        """Communities of which events were received, by id, with their first and last event."""
        (after,) = paging.after(str) or ("",)
        async with snapshot(pool) as connection:
            rows = await store.communities(connection, after, paging.rows)
        return paging.page(rows, CommunityDocument.of, lambda row: [row.profile.community_id])

    @routes.get("/reconciliation", tags=["reconciliation"])
    async def reconciliation() -> ReconciliationDocument:
        """Per topic and partition what became of every record read, and whether the sum fits."""
        async with snapshot(pool) as connection:
            offsets = await store.lane_offsets(connection, CONSUMER_GROUP)
            return ReconciliationDocument.of(offsets, await store.facts_kept(connection))


def _add_numbers(routes: APIRouter, pool: Pool) -> None:
    @routes.get("/communities/{community_id:path}/metrics", tags=["metrics"])
    async def community_metrics(
        community_id: CommunityId,
        first: From = None,
        to: To = None,
        metric: MetricNames = None,
        by: Division = "day",
        locale: Locale = None,
    ) -> MetricsDocument:
        """Metrics by day, ISO week or calendar month, or of the whole span by channel or hour of the day."""
        wanted = asked_metrics(metric)
        async with snapshot(pool) as connection:
            known = await known_community(connection, community_id)
            span = asked_span(first, to, known.last_day)
            if by in ("channel", "hour"):
                numbers = await _divided(connection, community_id, span, by, wanted, bool(metric))
            else:
                numbers = await read_numbers(connection, community_id, span, By(by), known.today, wanted)
        return MetricsDocument.of(known.profile, by, numbers, match(locale or known.profile.locale))

    @routes.get("/communities/{community_id:path}/days/{local_date}", tags=["metrics"])
    async def day(community_id: CommunityId, local_date: date) -> DayDocument:
        """One day with its revision, and what was received for it."""
        async with snapshot(pool) as connection:
            known = await known_community(connection, community_id)
            found = await read_day(connection, community_id, local_date, known.today)
        return DayDocument.of(known.profile, local_date, found)

    @routes.get("/communities/{community_id:path}/heatmap", tags=["metrics"])
    async def heat_map(community_id: CommunityId, first: From = None, to: To = None) -> HeatDocument:
        """Messages of people by hour of the week, in the community's zone."""
        async with snapshot(pool) as connection:
            known = await known_community(connection, community_id)
            span = asked_span(first, to, known.last_day)
            return HeatDocument.of(known.profile, span, await store.heat(connection, community_id, span))


async def _divided(
    connection: Connection, community_id: str, span: Span, by: str, wanted: list[Metric], named: bool
) -> Numbers:
    """By channel or hour, of those metrics that can be told so; a named one that cannot is refused."""
    fitting = [metric for metric in wanted if is_divisible(metric)]
    if named and len(fitting) < len(wanted):
        raise refused(
            "metric-indivisible", Kind.INVALID, known=[each.name for each in METRICS if is_divisible(each)]
        )
    read = read_channels if by == "channel" else read_hours
    return await read(connection, community_id, span, fitting)


def _add_received(routes: APIRouter, pool: Pool) -> None:
    @routes.get("/communities/{community_id:path}/received", tags=["reconciliation"])
    async def received(community_id: CommunityId, first: From = None, to: To = None) -> ReceivedDocument:
        """Received events by day and type."""
        async with snapshot(pool) as connection:
            known = await known_community(connection, community_id)
            span = asked_span(first, to, known.last_day)
            return ReceivedDocument.of(
                community_id, span, await store.tallies(connection, community_id, span)
            )
