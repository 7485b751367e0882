"""Sends the report of a period that has ended: once by schedule, again only when a person asks."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import structlog

from services.reporting import metrics
from services.reporting.domain.periods import By, Period, period_of
from services.reporting.domain.report import Report
from services.reporting.domain.report_json import document
from services.reporting.domain.report_markdown import digest
from services.reporting.handlers.read_report import read_report
from services.reporting.handlers.read_words import read_new
from services.reporting.handlers.report_settings import ReportSettings, load_settings
from services.reporting.handlers.report_timers import SEND_REPORT, next_report
from services.reporting.store import sent as store
from services.reporting.store.numbers import days
from services.reporting.store.texts import unschedule
from shared.contracts.commands import SendMessage
from shared.contracts.identity import event_id
from shared.contracts.profiles import CommunityProfile
from shared.engine import DueTimer, UnitOfWork
from shared.i18n import Catalogue, match

VALID = timedelta(hours=24)
CHANNEL, WEBHOOK = "channel", "webhook"
ONE_DAY = timedelta(days=1)
DEFECTS = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What the numbers of one community may provoke in us: its report fails, no other's."""
log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Sending:
    """A report on its way."""

    profile: CommunityProfile
    settings: ReportSettings
    by: By
    period: Period
    now: datetime
    """By the community's clock."""
    requested_by: str | None = None

    @property
    def places(self) -> list[str]:
        """Where it goes."""
        channel = [CHANNEL] if self.profile.operators_channel_id is not None else []
        return [*channel, *([WEBHOOK] if self.settings.webhook_url else [])]


@dataclass(frozen=True, slots=True)
class SendReports:
    """For each community that has a place to send to."""

    texts: Catalogue

    async def __call__(self, due: Sequence[DueTimer], work: UnitOfWork) -> None:
        """Send what is due and set the next; a report that was sent is not sent again."""
        settings = await load_settings(work.connection, sorted({each.community_id for each in due}))
        for each in due:
            by, chosen = By(each.timer.key), settings[each.community_id]
            ended = each.timer.due_at.astimezone(each.profile.zone).date() - ONE_DAY
            sending = Sending(each.profile, chosen, by, period_of(ended, by), each.now)
            if not sending.places or not chosen.wants(by):
                await unschedule(work.connection, each.community_id, f"{SEND_REPORT}:{by}")
                continue
            work.set_timer(
                next_report(each.community_id, by, each.timer.due_at, each.profile.zone, chosen.send_at)
            )
            first = sending.period.span.first
            if not await store.is_claimed(work.connection, each.community_id, by, first):
                await send(sending, self.texts, work)


async def send(sending: Sending, texts: Catalogue, work: UnitOfWork) -> str:
    """Send a report now; returns its state: sent, empty as nothing happened, or failed."""
    community_id = sending.profile.community_id
    known = await days(work.connection, community_id, sending.period.span)
    state, report = "empty", None
    if known:
        report = await _report(sending, work)
        state = "sent" if report else "failed"
    first, revision = sending.period.span.first, sum(day.revision for day in known)
    told = (sending.period.name, state, revision, sending.now, sending.places if report else [])
    attempt = await store.claim(work.connection, community_id, sending.by, first, told, sending.requested_by)
    metrics.REPORTS.labels(sending.by, state).inc()
    if report and attempt is not None:
        await _bring(report, attempt, sending, texts, work)
    return state


async def _report(sending: Sending, work: UnitOfWork) -> Report | None:
    today = sending.now.astimezone(sending.profile.zone).date()
    try:
        async with work.connection.transaction():
            if sending.by is not By.DAY:
                await read_new(work.connection, sending.profile.community_id, sending.settings.brands)
            return await read_report(work.connection, sending.profile, sending.period, sending.by, today)
    except DEFECTS as error:
        log.error(
            "a report could not be made",
            action="report_failed",
            exc_info=error,
            community_id=sending.profile.community_id,
            period=sending.period.name,
        )
        return None


async def _bring(report: Report, attempt: int, sending: Sending, texts: Catalogue, work: UnitOfWork) -> None:
    locale = match(sending.profile.locale)
    cause = event_id(
        datetime.combine(report.period.span.last, sending.settings.send_at, sending.profile.zone),
        SEND_REPORT, report.community_id, report.by, report.period.name, str(attempt),
    )  # fmt: skip
    if sending.profile.operators_channel_id is not None:
        command = SendMessage(
            community_id=report.community_id,
            channel_id=sending.profile.operators_channel_id,
            text=digest(report, partial(texts.say, locale), locale),
            purpose="report",
            cause_id=cause,
            expires_at=sending.now + VALID,
        )
        work.publish(command, sending.now)
    if sending.settings.webhook_url:
        body = json.dumps(document(report), ensure_ascii=False)
        await store.add_delivery(work.connection, cause, report.community_id, body, work.now)
