"""The law of the log: state and announcements are the same however it is cut into batches."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.contracts.chat import MemberJoined, MessageDeleted, MessageEdited
from shared.contracts.contract import Contract
from shared.contracts.engagement import SessionClosed, SessionOpened
from shared.contracts.profiles import Channel
from shared.engine import Event
from shared.postgres.connection import Pool
from shared.postgres.pool import open_pool
from tests.builders import at, event, posted, profile
from tests.moderation_world import MakeDatabase, World, cut, emptied

OFFER = "全新理财平台上线每天稳定收益百分之五名额有限先到先得"
ESSAY = "春茶讲究一个鲜字，清明前采下的芽头叶片细嫩，泡出来汤色清亮，入口回甘，往后每泡多等五秒就好。" * 2
TEXTS = [
    "哈哈", "大家晚上好呀今天吃什么", "大家晚上好呀今天吃什么1", "", "兼职日结，加微信 abc12345", "再见",
    OFFER, OFFER + "哦", "看看 https://example.com", ESSAY,
]  # fmt: skip
ASKED = ["申诉", "举报"]
ABOUT = profile(
    channels=(Channel(channel_id="mute", capabilities=("send",)), Channel(channel_id="hall")),
    operators_channel_id="staff",
)
MOMENTS = st.integers(0, 90).map(lambda seconds: at(seconds * 1.5))
MEMBERS = st.sampled_from(["ann", "bob", "cat", "dan", "eve"])
SESSIONS = st.sampled_from(["s1", "s2"])
CHANNELS = st.sampled_from(["hall", "mute"])
MESSAGES = st.integers(0, 30).map(lambda n: f"m{n:02}")


@st.composite
def surroundings(draw: st.DrawFn, kind: str, channel: str, moment: datetime) -> Contract:
    """Somebody joins, or a hosted session opens or closes."""
    if kind == "joined":
        return MemberJoined(community_id="tea", member_id=draw(MEMBERS))
    session = draw(SESSIONS)
    if kind == "closed":
        return SessionClosed(community_id="tea", session_id=session, channel_id=channel)
    ends_at = moment + timedelta(seconds=draw(st.integers(1, 90)))
    return SessionOpened(
        community_id="tea", session_id=session, channel_id=channel, speaker_ids=("eve",), ends_at=ends_at
    )


@st.composite
def happenings(draw: st.DrawFn) -> Event[Any]:
    """A message, an edit or a deletion; some are late, some by an operator."""
    moment, message, channel = draw(MOMENTS), draw(MESSAGES), draw(CHANNELS)
    now = moment + timedelta(minutes=draw(st.sampled_from([0, 0, 0, 11])))
    kind = draw(st.sampled_from(["posted"] * 8 + ["edited", "deleted", "joined", "opened", "closed"]))
    if kind in ("joined", "opened", "closed"):
        return event(draw(surroundings(kind, channel, moment)), moment, now=now, about=ABOUT)
    if kind == "deleted":
        gone = MessageDeleted(community_id="tea", channel_id=channel, message_id=message)
        return event(gone, moment, now=now, about=ABOUT)
    member, text = draw(MEMBERS), draw(st.sampled_from(TEXTS * 3 + ASKED))
    if kind == "edited":
        data = MessageEdited(
            community_id="tea", channel_id=channel, message_id=message, member_id=member, text=text
        )
        return event(data, moment, now=now, about=ABOUT)
    roles = draw(st.sampled_from([(), (), (), ("operator",)]))
    return posted(
        text,
        moment,
        member=member,
        message=message,
        channel=channel,
        now=now,
        about=ABOUT,
        member_roles=roles,
        reply_to=draw(st.sampled_from([None, "m01", "m02"])),
        reply_to_member=draw(st.sampled_from([None, "bob"])),
    )


@pytest.fixture
async def pool(service_database: MakeDatabase) -> AsyncIterator[Pool]:
    """The service's own pool on a fresh database."""
    opened = await open_pool((await service_database("moderation")).app_url, "test", size_min=1, size_max=1)
    yield opened
    await opened.close()


async def outcome(pool: Pool, events: list[Event[Any]], sizes: list[int]) -> dict[str, Any]:
    """What a fresh moderation keeps and announces when it gets the events in such batches."""
    await emptied(pool)
    async with pool.acquire() as connection:
        world = World(connection)
        for batch in cut(events, sizes):
            await world.handle(*batch)
        return await world.state()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    events=st.lists(happenings(), max_size=40, unique_by=lambda each: each.id),
    sizes=st.lists(st.integers(1, 12), max_size=12),
)
async def test_state_does_not_depend_on_the_cut(
    pool: Pool, events: list[Event[Any]], sizes: list[int]
) -> None:
    whole = await outcome(pool, events, [])
    assert await outcome(pool, events, sizes) == whole
    assert await outcome(pool, events, [1] * len(events)) == whole
