"""The routes, and what a request must be to be answered."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, timedelta
from functools import partial
from pathlib import Path as FilePath
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query
from fastapi.responses import HTMLResponse, PlainTextResponse, Response

from services.reporting import metrics, store
from services.reporting.api.documents import (
    CommunityDocument,
    DayDocument,
    MetricDocument,
    MetricsDocument,
    ReceivedDocument,
    ReconciliationDocument,
)
from services.reporting.domain.metric_registry import BY_NAME, METRICS, Metric
from services.reporting.domain.periods import BadSpan, By, Span, parse_month, span_of
from services.reporting.domain.report_html import CONTENT_SECURITY_POLICY, page
from services.reporting.domain.report_markdown import markdown
from services.reporting.handlers.read_numbers import read_day, read_month_report, read_numbers
from shared.contracts.profiles import CommunityProfile
from shared.http.language import locale_of
from shared.http.pages import Page, PagingQuery
from shared.http.problems import Kind, Refusal
from shared.i18n import Catalogue, match
from shared.postgres.connection import Connection, Pool

TEXTS = Catalogue.load(FilePath(__file__).parents[1] / "locale")
CONSUMER_GROUP = "hearth.reporting"
DAYS_SHOWN = 30
ID_CHARACTERS_MAX = 255
STORABLE = r"^[^\x00]*$"

CommunityId = Annotated[str, Path(min_length=1, max_length=ID_CHARACTERS_MAX, pattern=STORABLE)]
Locale = Annotated[str | None, Query(max_length=35, description="zh-CN or en; else the community's own")]
From = Annotated[date | None, Query(alias="from", description="first day; else 30 days up to the last")]
To = Annotated[date | None, Query(description="last day; else the last on which anything happened")]
MetricNames = Annotated[list[str] | None, Query(max_length=50, description="else all of them")]


def router(pool: Pool) -> APIRouter:
    """All routes of the service."""
    routes = APIRouter(prefix="/v1")
    _add_overview(routes, pool)
    _add_numbers(routes, pool)
    _add_report(routes, pool)
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
        async with _snapshot(pool) as connection:
            rows = await store.communities(connection, after, paging.rows)
        return paging.page(rows, CommunityDocument.of, lambda row: [row.profile.community_id])

    @routes.get("/reconciliation", tags=["reconciliation"])
    async def reconciliation() -> ReconciliationDocument:
        """Per topic and partition what became of every record read, and whether the sum fits."""
        async with _snapshot(pool) as connection:
            offsets = await store.lane_offsets(connection, CONSUMER_GROUP)
            return ReconciliationDocument.of(offsets, await store.facts_kept(connection))


def _add_numbers(routes: APIRouter, pool: Pool) -> None:
    @routes.get("/communities/{community_id:path}/metrics", tags=["metrics"])
    async def community_metrics(
        community_id: CommunityId,
        first: From = None,
        to: To = None,
        metric: MetricNames = None,
        by: By = By.DAY,
        locale: Locale = None,
    ) -> MetricsDocument:
        """Metrics by day, ISO week or calendar month; active members are distinct in each period."""
        wanted = _metrics(metric)
        async with _snapshot(pool) as connection:
            profile, last_day = await _community(connection, community_id)
            numbers = await read_numbers(connection, community_id, _span(first, to, last_day), by, wanted)
        return MetricsDocument.of(profile, by, numbers, match(locale or profile.locale))

    @routes.get("/communities/{community_id:path}/days/{local_date}", tags=["metrics"])
    async def day(community_id: CommunityId, local_date: date) -> DayDocument:
        """One day with its revision, and what was received for it."""
        async with _snapshot(pool) as connection:
            profile, _ = await _community(connection, community_id)
            return DayDocument.of(profile, local_date, await read_day(connection, community_id, local_date))

    @routes.get("/communities/{community_id:path}/received", tags=["reconciliation"])
    async def received(community_id: CommunityId, first: From = None, to: To = None) -> ReceivedDocument:
        """Received events by day and type."""
        async with _snapshot(pool) as connection:
            _, last_day = await _community(connection, community_id)
            span = _span(first, to, last_day)
            return ReceivedDocument.of(
                community_id, span, await store.tallies(connection, community_id, span)
            )


def _add_report(routes: APIRouter, pool: Pool) -> None:
    @routes.get("/communities/{community_id:path}/report", tags=["reports"], response_class=PlainTextResponse)
    async def report(
        community_id: CommunityId,
        month: Annotated[str, Query(description="2024-03")],
        format: Literal["md", "html"] = "md",
        locale: Locale = None,
    ) -> Response:
        """The report of a calendar month, as Markdown or as one self-contained HTML page."""
        try:
            span = parse_month(month)
            with metrics.REPORT_SECONDS.labels(format).time():
                async with _snapshot(pool) as connection:
                    profile, _ = await _community(connection, community_id)
                    found = await read_month_report(connection, profile, span)
        except BadSpan:
            raise _refuse("month-invalid", Kind.INVALID) from None
        language = match(locale or profile.locale)
        say = partial(TEXTS.say, language)
        headers = {"content-language": language}
        if format == "md":
            return PlainTextResponse(markdown(found, say, language), 200, headers, "text/markdown")
        headers["content-security-policy"] = CONTENT_SECURITY_POLICY
        return HTMLResponse(page(found, say, language), 200, headers)


@asynccontextmanager
async def _snapshot(pool: Pool) -> AsyncIterator[Connection]:
    """A connection on which several statements see the same state."""
    async with (
        pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        yield connection


async def _community(connection: Connection, community_id: str) -> tuple[CommunityProfile, date]:
    known = await store.community(connection, community_id)
    if known is None:
        raise _refuse("community-not-found", Kind.NOT_FOUND)
    return known


def _span(first: date | None, last: date | None, last_day: date) -> Span:
    """What was asked for; without dates the last DAYS_SHOWN days on record."""
    try:
        last = last or max(last_day, first or last_day)
        return span_of(first or last - timedelta(days=DAYS_SHOWN - 1), last)
    except (BadSpan, OverflowError):
        raise _refuse("span-invalid", Kind.INVALID) from None


def _metrics(names: list[str] | None) -> list[Metric]:
    """The metrics of these names, each once."""
    if not names:
        return list(METRICS)
    if unknown := [name for name in names if name not in BY_NAME]:
        raise _refuse("metric-unknown", Kind.INVALID, unknown=unknown[:10], known=list(BY_NAME))
    return [BY_NAME[name] for name in dict.fromkeys(names)]


def _refuse(slug: str, kind: Kind, **members: Any) -> Refusal:
    return Refusal(slug, kind, lambda locale: TEXTS.say(locale, f"problem.{slug}"), **members)
