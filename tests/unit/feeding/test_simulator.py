"""A simulated community is believable, valid and the same whenever it is made of the same seed."""

from collections import Counter
from datetime import date, timedelta
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import settings as trials
from hypothesis import strategies as st

from connectors.imports.events import write_line
from connectors.imports.reading import Parsed
from shared.contracts.chat import MemberJoined, MemberLeft, MessageEdited, MessagePosted, ReactionAdded
from shared.contracts.profiles import CommunityProfile
from tools.simulator.community import SOURCE, Settings, profile, simulate
from tools.simulator.spam import EVASIONS
from tools.simulator.themes import CHANNELS, THEMES

MONTH = Settings("tea-house", date(2026, 3, 1), seed=7)


@pytest.fixture(scope="module")
def month() -> list[Parsed]:
    """The month that the demo shows."""
    return list(simulate(MONTH))


def messages(events: list[Parsed]) -> list[MessagePosted]:
    """All that was said."""
    return [each.event for each in events if isinstance(each.event, MessagePosted)]


def lines(settings: Settings) -> list[str]:
    """The events as bytes on disk."""
    return [write_line(event, occurred_at, SOURCE) for event, occurred_at in simulate(settings)]


@given(st.integers(0, 10_000), st.integers(30, 60), st.integers(1, 4))
@trials(max_examples=8, deadline=None)
def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(
    seed: int, members: int, days: int
) -> None:
    settings = Settings("tea", date(2026, 2, 27), days=days, seed=seed, members=members)
    other = Settings("tea", date(2026, 2, 27), days=days, seed=seed + 1, members=members)
    assert lines(settings) == lines(settings)
    assert lines(settings) != lines(other)


@given(st.integers(0, 10_000), st.sampled_from(["Asia/Shanghai", "America/New_York", "UTC"]))
@trials(max_examples=8, deadline=None)
def test_every_event_is_valid_in_order_of_time_and_inside_its_days(seed: int, zone: str) -> None:
    settings = Settings("tea", date(2026, 3, 7), days=3, seed=seed, members=40, time_zone=zone)
    events = list(simulate(settings))
    assert all(type(event).model_validate_json(event.model_dump_json()) == event for event, _ in events)
    times = [occurred_at for _, occurred_at in events]
    assert times == sorted(times)
    assert settings.end - timedelta(days=3, hours=1) <= times[0]
    assert times[-1] < settings.end


def test_no_two_events_have_the_same_id(month: list[Parsed]) -> None:
    ids = Counter(event.identify(SOURCE, occurred_at) for event, occurred_at in month)
    assert ids.most_common(1)[0][1] == 1


def test_a_month_of_three_hundred_has_a_believable_size(month: list[Parsed]) -> None:
    assert 12_000 <= len(month) <= 20_000
    assert 120 <= len({message.member_id for message in messages(month)}) <= 270
    joins = [each.event for each in month if isinstance(each.event, MemberJoined)]
    assert 80 <= len(joins) <= 160
    assert any(joined.invited_by for joined in joins)
    assert any(isinstance(each.event, MessageEdited) for each in month)
    assert sum(isinstance(each.event, ReactionAdded) for each in month) > 1000


def test_few_say_most_and_people_answer_the_opinion_leaders(month: list[Parsed]) -> None:
    counts = Counter(message.member_id for message in messages(month))
    tenth = sum(count for _, count in counts.most_common(len(counts) // 10))
    assert tenth > 0.4 * len(messages(month))
    answered = Counter(message.reply_to_member for message in messages(month) if message.reply_to_member)
    assert {member for member, _ in answered.most_common(3)} == {
        f"tea-house:{leader}" for leader in ("yunshan", "dapeng", "linjie")
    }


def test_evenings_are_full_nights_are_silent_and_some_evenings_are_cold(month: list[Parsed]) -> None:
    local = [
        occurred_at.astimezone(MONTH.zone) for event, occurred_at in month if isinstance(event, MessagePosted)
    ]
    hours = Counter(moment.hour for moment in local)
    assert sum(hours[hour] for hour in (20, 21, 22)) > 5 * sum(hours[hour] for hour in (2, 3, 4, 5))
    evenings = Counter(moment.date() for moment in local if moment.hour >= 19)
    usual = sorted(evenings.values())[len(evenings) // 2]
    assert any(count < usual / 3 for count in evenings.values())


def test_replies_answer_earlier_messages_and_name_their_author(month: list[Parsed]) -> None:
    author: dict[str, str] = {}
    for message in messages(month):
        if message.reply_to:
            assert author[message.reply_to] == message.reply_to_member
        author[message.message_id] = message.member_id


def test_nobody_talks_before_joining_or_after_leaving(month: list[Parsed]) -> None:
    joins = {each.event.member_id for each in month if isinstance(each.event, MemberJoined)}
    here: set[str] = set()
    gone: set[str] = set()
    for event, _ in month:
        if isinstance(event, MemberJoined):
            here.add(event.member_id)
        elif isinstance(event, MemberLeft):
            gone.add(event.member_id)
        elif isinstance(event, MessagePosted):
            assert event.member_id not in gone
            assert event.member_id in here or event.member_id not in joins


def test_some_check_in_nearly_every_day(month: list[Parsed]) -> None:
    days: dict[str, set[date]] = {}
    for event, occurred_at in month:
        if isinstance(event, MessagePosted) and event.text.startswith(("打卡", "签到")):
            days.setdefault(event.member_id, set()).add(occurred_at.astimezone(MONTH.zone).date())
    assert len(days) > 25
    assert max(len(dates) for dates in days.values()) >= 25


def test_spammers_evade_flood_and_are_gone_in_the_end(month: list[Parsed]) -> None:
    spam = [
        (event, at) for event, at in month if isinstance(event, MessagePosted) and ":x" in event.member_id
    ]
    members = {event.member_id for event, _ in spam}
    left = {each.event.member_id for each in month if isinstance(each.event, MemberLeft)}
    assert len(members) >= 10
    assert members <= left
    assert len(spam) < 0.03 * len(messages(month))
    assert any("\u200b" in event.text or "❤" in event.text or "加 微 信" in event.text for event, _ in spam)
    floods = [
        after - before
        for (event, before), (other, after) in pairwise(spam)
        if event.member_id == other.member_id and after - before < timedelta(seconds=2)
    ]
    assert len(floods) > 20


def test_the_banks_are_large_and_every_phrase_can_be_said() -> None:
    assert len(THEMES) >= 8
    assert sum(len(theme.phrases) for theme in THEMES) >= 150
    said = [theme.say(phrase, Random(1)) for theme in THEMES for phrase in theme.phrases]
    assert not any("{" in text for text in said)
    assert {theme.channel_id for theme in THEMES} == set(CHANNELS)
    assert len({evade("abc168") for evade in EVASIONS}) == len(EVASIONS)


def test_the_profile_names_channels_and_what_can_be_done_in_them() -> None:
    known = profile(MONTH, revision=1)
    assert isinstance(known, CommunityProfile)
    assert {channel.channel_id for channel in known.channels} == set(CHANNELS)
    assert known.can("hall", "delete")
    assert known.time_zone == "Asia/Shanghai"


def test_a_gang_a_raid_a_flooder_and_a_misjudged_member_are_in_the_month(month: list[Parsed]) -> None:
    said = {event.member_id: at for event, at in month if isinstance(event, MessagePosted)}
    gang = sorted(at for member, at in said.items() if ":g" in member)
    assert len(gang) == 3
    assert gang[-1] - gang[0] < timedelta(minutes=10)
    raid = [at for event, at in month if isinstance(event, MemberJoined) and ":w" in event.member_id]
    assert len(raid) >= 50
    assert raid[49] - raid[0] < timedelta(minutes=60)
    (appeal,) = [event for event in messages(month) if event.text.startswith("申诉")]
    assert any(event.member_id == appeal.member_id and "加微信" in event.text for event in messages(month))
