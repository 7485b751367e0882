"""What routes share: parameters, a snapshot to read from, the community that is asked about, refusals."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path as FilePath
from typing import Annotated, NamedTuple

from fastapi import Path, Query

from services.reporting.domain.metric import Metric
from services.reporting.domain.metric_registry import BY_NAME, METRICS
from services.reporting.domain.periods import BadSpan, By, Period, Span, parse_period, span_of
from services.reporting.store import numbers as store
from shared.contracts.profiles import CommunityProfile
from shared.engine import load_community
from shared.http.acts import Refusals
from shared.http.problems import Kind
from shared.i18n import Catalogue
from shared.postgres.connection import Connection, Pool

TEXTS = Catalogue.load(FilePath(__file__).parents[1] / "locale")
DAYS_SHOWN = 30
ID_CHARACTERS_MAX = 255
STORABLE = r"^[^\x00]*$"

CommunityId = Annotated[str, Path(min_length=1, max_length=ID_CHARACTERS_MAX, pattern=STORABLE)]
MemberId = Annotated[str, Path(min_length=1, max_length=ID_CHARACTERS_MAX, pattern=STORABLE)]
Locale = Annotated[str | None, Query(max_length=35, description="zh-CN or en; else the community's own")]
From = Annotated[date | None, Query(alias="from", description="first day; else 30 days up to the last")]
To = Annotated[date | None, Query(description="last day; else the last on which anything happened")]
MetricNames = Annotated[list[str] | None, Query(max_length=80, description="else all of them")]
PeriodName = Annotated[str, Query(max_length=10, description="2024-03, 2024-W10 or 2024-03-05")]
refused = Refusals(TEXTS)


class Known(NamedTuple):
    """A community of which something was received."""

    profile: CommunityProfile
    last_day: date
    """The last day on which anything counts."""
    today: date
    """By its own clock and zone."""


@asynccontextmanager
async def snapshot(pool: Pool) -> AsyncIterator[Connection]:
    """A connection on which several statements see the same state."""
    async with (
        pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        yield connection


async def known_community(connection: Connection, community_id: str) -> Known:
    """The community. Raises the refusal for one of which nothing was received."""
    last_day = await store.last_day(connection, community_id)
    if last_day is None:
        raise refused("community-not-found", Kind.NOT_FOUND)
    community = await load_community(connection, community_id)
    today = community.now(datetime.now(UTC)).astimezone(community.profile.zone).date()
    return Known(community.profile, last_day, today)


def asked_span(first: date | None, last: date | None, last_day: date) -> Span:
    """What was asked for; without dates the last DAYS_SHOWN days on record."""
    try:
        last = last or max(last_day, first or last_day)
        return span_of(first or last - timedelta(days=DAYS_SHOWN - 1), last)
    except (BadSpan, OverflowError):
        raise refused("span-invalid", Kind.INVALID) from None


def asked_period(name: str) -> tuple[Period, By]:
    """A month, week or day by name."""
    try:
        return parse_period(name)
    except BadSpan:
        raise refused("period-invalid", Kind.INVALID) from None


def asked_metrics(names: list[str] | None) -> list[Metric]:
    """The metrics of these names, each once."""
    if not names:
        return list(METRICS)
    if unknown := [name for name in names if name not in BY_NAME]:
        raise refused("metric-unknown", Kind.INVALID, unknown=unknown[:10], known=list(BY_NAME))
    return [BY_NAME[name] for name in dict.fromkeys(names)]
