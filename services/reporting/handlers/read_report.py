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
    days = await store.days(connection, community_id, span)
    revisions = {day.local_date: day.revision for day in days}
    tallies = await store.tallies(connection, community_id, span)
    late = sum(revisions.values())
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
        heat=await _heat(connection, community_id, span, by),
        forms=await report_data.forms(connection, community_id, span),
    )
    found = await _with_content(connection, found, earlier.span)
    found = await _with_people(connection, found, earlier.span, today)
    return replace(found, advice=advise(found))


async def _with_content(connection: Connection, report: Report, before: Span) -> Report:
    content = await read_content(connection, report.community_id, report.period.span, before)
    return replace(
        report,
        words=content.words,
        falling=content.falling,
        mentions=content.mentions,
        mood=(content.friendly, content.unfriendly),
    )


async def _with_people(connection: Connection, report: Report, before: Span, today: date) -> Report:
    """One day says little of a person: there the week that ends with it tells who rises and who leaves."""
    community_id, span = report.community_id, report.period.span
    people = await read_people(connection, community_id, span, before)
    if report.by is By.DAY:
        week = Span(days_before(span, DAYS_OF_WEEK - 1).first, span.last)
        moving = await read_people(connection, community_id, week, days_before(week, DAYS_OF_WEEK))
        return replace(report, top=people.top, rising=moving.rising, at_risk=moving.at_risk)
    shown = cohort_span(report.period, report.by)
    return replace(
        report,
        top=people.top,
        rising=people.rising,
        at_risk=people.at_risk,
        cohorts=await read_cohorts(connection, community_id, shown, report.by, today),
        effects=await read_effects(connection, community_id, span, before),
    )


async def _heat(connection: Connection, community_id: str, span: Span, by: By) -> list[HeatCell]:
    hours = Span(days_before(span, DAYS_OF_HOURS).first, span.last) if by is By.DAY else span
    return [HeatCell(*cell) for cell in await store.heat(connection, community_id, hours)]


async def _channels(connection: Connection, profile: CommunityProfile, span: Span) -> list[ChannelRow]:
    names = {channel.channel_id: channel.name for channel in profile.channels}
    rows = await store.busiest_channels(connection, profile.community_id, span, report_data.CHANNELS_MAX)
    return [
        ChannelRow(names.get(row.channel_id) or row.channel_id, row.messages, row.members, row.answers)
        for row in rows
    ]
