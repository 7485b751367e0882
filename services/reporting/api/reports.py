"""Reports of a day, week or month."""

from functools import partial
from typing import Literal

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, PlainTextResponse, Response

from services.reporting import metrics
from services.reporting.api.asking import (
    TEXTS,
    CommunityId,
    Locale,
    PeriodName,
    asked_period,
    known_community,
    snapshot,
)
from services.reporting.domain.report_html import CONTENT_SECURITY_POLICY, page
from services.reporting.domain.report_markdown import markdown
from services.reporting.handlers.read_report import read_report
from shared.i18n import match
from shared.postgres.connection import Pool


def router(pool: Pool) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/v1", tags=["reports"])

    @routes.get("/communities/{community_id:path}/report", response_class=PlainTextResponse)
    async def report(
        community_id: CommunityId,
        period: PeriodName,
        format: Literal["md", "html"] = "md",
        locale: Locale = None,
    ) -> Response:
        """The report of a period, as Markdown or as one self-contained HTML page."""
        wanted, by = asked_period(period)
        with metrics.REPORT_SECONDS.labels(format).time():
            async with snapshot(pool) as connection:
                known = await known_community(connection, community_id)
                found = await read_report(connection, known.profile, wanted, by, known.today)
        language = match(locale or known.profile.locale)
        say = partial(TEXTS.say, language)
        headers = {"content-language": language}
        if format == "md":
            return PlainTextResponse(markdown(found, say, language), 200, headers, "text/markdown")
        headers["content-security-policy"] = CONTENT_SECURITY_POLICY
        return HTMLResponse(page(found, say, language), 200, headers)

    return routes
