"""Loads what a report says and puts it together."""

from dataclasses import replace
from datetime import date

from services.reporting.domain.advice import advise
from services.reporting.domain.periods import By, Period, Span, days_before, previous
from services.reporting.domain.report import ChannelRow, HeatCell, Report
from services.reporting.handlers.read_content import read_content
from services.reporting.handlers.read_numbers import read_numbers
from services.reporting.handlers.read_people import (
    cohort_span,
    read_cohorts,
    read_effects,
    read_people,
)
from services.reporting.store import numbers as store
from services.reporting.store import report_data
from shared.contracts.profiles import CommunityProfile
from shared.postgres.connection import Connection

CONSUMER_GROUP = "hearth.reporting"
DAYS_OF_WEEK = 7
DAYS_OF_HOURS = 27
"""A day's report tells the best hour of the four weeks that end with it."""


async def read_report(
    connection: Connection, profile: CommunityProfile, period: Period, by: By, today: date
) -> Report:
    """The report of a period, compared with the one before."""
    community_id, span = profile.community_id, period.span
    earlier = previous(period, by) or period
    numbers = await read_numbers(connection, community_id, span, By.DAY, today)
    before = await read_numbers(connection, community_id, earlier.span, by, today)
    people = await read_people(connection, community_id, span, earlier.span)
    moving = people
    if by is By.DAY:  # one day says little of a person: the week that ends with it does
        week = Span(days_before(span, DAYS_OF_WEEK - 1).first, span.last)
        moving = await read_people(connection, community_id, week, days_before(week, DAYS_OF_WEEK))
    content = await read_content(connection, community_id, span, earlier.span)
    days = await store.days(connection, community_id, span)
    revisions = {day.local_date: day.revision for day in days}
    hours = Span(days_before(span, DAYS_OF_HOURS).first, span.last) if by is By.DAY else span
    tallies = await store.tallies(connection, community_id, span)
    late = sum(revisions.values())
    cohorts_by = By.MONTH if by is By.MONTH else By.WEEK
    found = Report(
        community_id=community_id,
        name=profile.name or community_id,
        time_zone=profile.time_zone,
        by=by,
        period=period,
        is_partial=span.last >= today,
        parts=numbers.periods,
        series=numbers.series,
        previous={series.metric.name: series.total for series in before.series},
        revisions=revisions,
        last_event_at=max((day.last_event_at for day in days), default=None),
        reconciled=await report_data.reconciled(connection, community_id, CONSUMER_GROUP, tallies, late),
        channels=await _channels(connection, profile, span),
        heat=[HeatCell(*cell) for cell in await store.heat(connection, community_id, hours)],
        top=people.top,
        rising=moving.rising,
        at_risk=moving.at_risk,
        cohorts=()
        if by is By.DAY
        else await read_cohorts(connection, community_id, cohort_span(period, cohorts_by), cohorts_by, today),
        words=content.words,
        falling=content.falling,
        mentions=content.mentions,
        mood=(content.friendly, content.unfriendly),
        forms=await report_data.forms(connection, community_id, span),
        effects=() if by is By.DAY else await read_effects(connection, community_id, span, earlier.span),
    )
    return replace(found, advice=advise(found))


async def _channels(connection: Connection, profile: CommunityProfile, span: Span) -> list[ChannelRow]:
    names = {channel.channel_id: channel.name for channel in profile.channels}
    rows = await store.busiest_channels(connection, profile.community_id, span, report_data.CHANNELS_MAX)
    return [
        ChannelRow(names.get(row.channel_id) or row.channel_id, row.messages, row.members, row.answers)
        for row in rows
    ]
