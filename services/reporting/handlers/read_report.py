"""Loads what a report says and puts it together."""

from datetime import date

from services.reporting.domain.month_report import CHANNELS_MAX, ChannelRow, MonthReport
from services.reporting.domain.periods import By, Period, previous
from services.reporting.handlers.read_numbers import read_numbers
from services.reporting.store import numbers as store
from shared.contracts.profiles import CommunityProfile
from shared.postgres.connection import Connection


async def read_report(
    connection: Connection, profile: CommunityProfile, period: Period, by: By, today: date
) -> MonthReport:
    """The report of a period."""
    community_id = profile.community_id
    earlier = previous(period, by)
    before = await read_numbers(connection, community_id, earlier.span, by, today) if earlier else None
    numbers = await read_numbers(connection, community_id, period.span, By.DAY, today)
    days = await store.days(connection, community_id, period.span)
    channels = await store.busiest_channels(connection, community_id, period.span, CHANNELS_MAX)
    names = {channel.channel_id: channel.name for channel in profile.channels}
    return MonthReport(
        name=profile.name or community_id,
        time_zone=profile.time_zone,
        month=period.span,
        series=numbers.series,
        previous={series.metric.name: series.total for series in before.series} if before else {},
        revisions={day.local_date: day.revision for day in days},
        events=sum(day.events for day in days),
        last_event_at=max((day.last_event_at for day in days), default=None),
        channels=[
            ChannelRow(names.get(each.channel_id) or each.channel_id, each.messages, each.members)
            for each in channels
        ],
    )
