"""What is sent, when and where; which brands are counted; who is not to be named, and who is forgotten."""

from datetime import UTC, datetime, time
from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.reporting.api.asking import CommunityId, MemberId, known_community, refused, snapshot
from services.reporting.handlers.report_settings import ReportSettings, load_settings
from services.reporting.handlers.report_timers import REPORT_KINDS, first_reports
from services.reporting.store import erasure
from services.reporting.store import settings as store
from services.reporting.store.texts import schedule
from shared.contracts.chat import MemberForgotten
from shared.engine import load_community, request_work
from shared.engine.work import UnitOfWork
from shared.http.operator import Operator
from shared.http.problems import Kind
from shared.postgres.connection import Pool

TEXT_DAYS_MIN, TEXT_DAYS_MAX = 8, 365
Brand = Annotated[
    str, StringConstraints(min_length=1, max_length=60, strip_whitespace=True, pattern=r"^[^\x00]*$")
]


class SettingsWish(BaseModel):
    """A community's settings as they shall be."""

    model_config = ConfigDict(extra="forbid")

    version: int = Field(ge=0, description="the version that was read; 0 where nothing was set yet")
    text_days: int = Field(default=30, ge=0, le=TEXT_DAYS_MAX, description="0: keep no text; else 8 or more")
    brands: list[Brand] = Field(default=[], max_length=50)
    daily: bool = True
    weekly: bool = True
    monthly: bool = True
    send_at: time = time(9, 0)
    webhook_url: str | None = Field(default=None, max_length=500)
    webhook_secret: str | None = Field(
        default=None,
        min_length=16,
        max_length=200,
        description="never told again; null keeps the one there is",
    )


class SettingsDocument(BaseModel):
    """A community's settings; the secret is never told."""

    version: int
    text_days: int
    brands: list[str]
    daily: bool
    weekly: bool
    monthly: bool
    send_at: time
    webhook_url: str | None
    has_webhook_secret: bool

    @classmethod
    def of(cls, settings: ReportSettings) -> "SettingsDocument":
        """Without the secret."""
        return cls(
            version=settings.version,
            text_days=settings.text_days,
            brands=list(settings.brands),
            daily=settings.daily,
            weekly=settings.weekly,
            monthly=settings.monthly,
            send_at=settings.send_at,
            webhook_url=settings.webhook_url,
            has_webhook_secret=settings.webhook_secret is not None,
        )


class Forgetting(BaseModel):
    """Why somebody is forgotten."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(default="", max_length=500)


class Forgotten(BaseModel):
    """What was asked of every service."""

    event_id: str


def router(pool: Pool) -> APIRouter:
    """The routes."""
    routes = APIRouter(prefix="/v1")
    _add_settings(routes, pool)
    _add_privacy(routes, pool)
    return routes


def _add_settings(routes: APIRouter, pool: Pool) -> None:
    @routes.get("/communities/{community_id:path}/report-settings", tags=["settings"])
    async def settings(community_id: CommunityId) -> SettingsDocument:
        """What is sent, when and where."""
        async with snapshot(pool) as connection:
            return SettingsDocument.of((await load_settings(connection, [community_id]))[community_id])

    @routes.put("/communities/{community_id:path}/report-settings", tags=["settings"])
    async def change_settings(
        community_id: CommunityId, wish: SettingsWish, by: Operator
    ) -> SettingsDocument:
        """Change them; timers follow at once, and no report is sent twice for it."""
        if not is_deliverable(wish.webhook_url):
            raise refused("webhook-forbidden", Kind.INVALID)
        async with request_work(pool, "reporting", community_id) as work:
            known = (await load_settings(work.connection, [community_id]))[community_id]
            row = store.SettingsRow(
                community_id, wish.version, _days(wish.text_days), wish.brands, wish.daily, wish.weekly,
                wish.monthly, wish.send_at, wish.webhook_url, wish.webhook_secret or known.webhook_secret,
            )  # fmt: skip
            if await store.save_settings(work.connection, row, by) is None:
                raise refused("settings-changed", Kind.CONFLICT, version=known.version)
            await _reschedule(community_id, work)
            return SettingsDocument.of((await load_settings(work.connection, [community_id]))[community_id])


def _days(text_days: int) -> int:
    """Texts are read once a week: a week and a day is the least that is kept, or nothing."""
    return max(text_days, TEXT_DAYS_MIN) if text_days else 0


def is_deliverable(url: str | None) -> bool:
    """Whether a webhook's address can be used at all; where it leads is looked at with each delivery."""
    return url is None or url.startswith(("https://", "http://"))


async def _reschedule(community_id: str, work: UnitOfWork) -> None:
    community = await load_community(work.connection, community_id)
    await schedule(work.connection, [(community_id, kind) for kind in REPORT_KINDS])
    moment = (community.now(work.now), community.profile.zone)
    kinds = {community_id: REPORT_KINDS}
    for timer in await first_reports(work.connection, kinds, {community_id: moment}):
        work.set_timer(timer)


def _add_privacy(routes: APIRouter, pool: Pool) -> None:
    @routes.put(
        "/communities/{community_id:path}/members/{member_id}/opt-out", tags=["privacy"], status_code=204
    )
    async def opt_out(community_id: CommunityId, member_id: MemberId, by: Operator) -> None:
        """Keep no text of the member, and name them in no list."""
        async with request_work(pool, "reporting", community_id) as work:
            await erasure.opt_out(work.connection, community_id, member_id, by)

    @routes.delete(
        "/communities/{community_id:path}/members/{member_id}/opt-out", tags=["privacy"], status_code=204
    )
    async def opt_in(community_id: CommunityId, member_id: MemberId, by: Operator) -> None:
        """Take an opt-out back."""
        async with request_work(pool, "reporting", community_id) as work:
            await erasure.opt_in(work.connection, community_id, member_id)

    @routes.post(
        "/communities/{community_id:path}/members/{member_id}/forget", tags=["privacy"], status_code=202
    )
    async def forget(
        community_id: CommunityId, member_id: MemberId, why: Forgetting, by: Operator
    ) -> Forgotten:
        """Ask every service to forget a member: names, texts and links go, counts stay."""
        async with request_work(pool, "reporting", community_id) as work:
            await known_community(work.connection, community_id)
            community = await load_community(work.connection, community_id)
            event = MemberForgotten(
                community_id=community_id, member_id=member_id, request_id=str(uuid4()), requested_by=by,
                reason=why.reason,
            )  # fmt: skip
            return Forgotten(event_id=work.publish(event, community.now(datetime.now(UTC))))
