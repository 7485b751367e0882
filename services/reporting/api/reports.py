"""Reports of a day, week or month: to read, which were sent, and to send again."""

import json
from datetime import UTC, date, datetime
from functools import partial
from typing import Literal

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, PlainTextResponse, Response
from pydantic import BaseModel, Field

from services.reporting import metrics
from services.reporting.api.asking import (
    TEXTS,
    CommunityId,
    Locale,
    PeriodName,
    asked_period,
    known_community,
    refused,
    snapshot,
)
from services.reporting.domain.report import Report
from services.reporting.domain.report_csv import table
from services.reporting.domain.report_html import CONTENT_SECURITY_POLICY, page
from services.reporting.domain.report_json import document
from services.reporting.domain.report_markdown import markdown
from services.reporting.handlers.read_report import read_report
from services.reporting.handlers.report_settings import load_settings
from services.reporting.handlers.send_reports import Sending, send
from services.reporting.store import sent as store
from shared.engine import load_community, request_work
from shared.http.operator import Operator
from shared.http.pages import Page, PagingQuery
from shared.http.problems import Kind
from shared.i18n import match
from shared.postgres.connection import Pool

Form = Literal["html", "md", "json", "csv"]


class SentDocument(BaseModel):
    """A report as it was sent."""

    period: str
    by: str
    attempt: int = Field(description="1 by schedule; more when a person asked for it again")
    state: Literal["sent", "empty", "failed"]
    sent_at: datetime
    sent_to: list[str]
    requested_by: str | None
    revision: int = Field(description="of its days when it was sent")
    revision_now: int = Field(description="higher than `revision` when late events came since")


class SendDocument(BaseModel):
    """What became of a report that was to be sent."""

    period: str
    state: Literal["sent", "empty", "failed"]


def router(pool: Pool) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/v1", tags=["reports"])
    _add_report(routes, pool)
    _add_sent(routes, pool)
    return routes


def _add_report(routes: APIRouter, pool: Pool) -> None:
    @routes.get("/communities/{community_id:path}/report", response_class=PlainTextResponse)
    async def report(
        community_id: CommunityId, period: PeriodName, format: Form = "md", locale: Locale = None
    ) -> Response:
        """The report of a period: Markdown, one self-contained HTML page, JSON or CSV."""
        wanted, by = asked_period(period)
        with metrics.REPORT_SECONDS.labels(format).time():
            async with snapshot(pool) as connection:
                known = await known_community(connection, community_id)
                found = await read_report(connection, known.profile, wanted, by, known.today)
            return rendered(found, format, match(locale or known.profile.locale))


def rendered(report: Report, form: Form, language: str) -> Response:
    """The report in one of its forms."""
    say = partial(TEXTS.say, language)
    headers = {"content-language": language}
    if form == "json":
        return Response(json.dumps(document(report), ensure_ascii=False), 200, headers, "application/json")
    if form == "csv":
        name = f"{report.period.name}.csv"
        headers["content-disposition"] = f'attachment; filename="{name}"'
        return PlainTextResponse(table(report), 200, headers, "text/csv")
    if form == "md":
        return PlainTextResponse(markdown(report, say, language), 200, headers, "text/markdown")
    headers["content-security-policy"] = CONTENT_SECURITY_POLICY
    return HTMLResponse(page(report, say, language), 200, headers)


def _add_sent(routes: APIRouter, pool: Pool) -> None:
    @routes.get("/communities/{community_id:path}/reports")
    async def sent(community_id: CommunityId, paging: PagingQuery) -> Page[SentDocument]:
        """Reports that were sent, newest first."""
        after = paging.after(datetime.fromisoformat, str, date.fromisoformat, int)
        async with snapshot(pool) as connection:
            rows = await store.sent(connection, community_id, after, paging.rows)
        return paging.page(
            rows, _document, lambda row: [row.sent_at.isoformat(), row.by, row.first_day, row.attempt]
        )

    @routes.post("/communities/{community_id:path}/reports/{period}/send")
    async def send_again(community_id: CommunityId, period: str, by_whom: Operator) -> SendDocument:
        """Send a period's report now, whether or not it was sent before."""
        wanted, by = asked_period(period)
        async with request_work(pool, "reporting", community_id) as work:
            await known_community(work.connection, community_id)
            community = await load_community(work.connection, community_id)
            settings = (await load_settings(work.connection, [community_id]))[community_id]
            now = community.now(datetime.now(UTC))
            sending = Sending(community.profile, settings, by, wanted, now, by_whom)
            if not sending.places:
                raise refused("nowhere-to-send", Kind.CONFLICT)
            return SendDocument.model_validate(
                {"period": wanted.name, "state": await send(sending, TEXTS, work)}
            )


def _document(row: store.SentReport) -> SentDocument:
    return SentDocument.model_validate({**row._asdict(), "sent_to": list(row.sent_to)})
