"""Order in hosted sessions (控场) on a real database: the first offence is pointed out, what follows goes."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import pytest

from shared.contracts.chat import MemberJoined, MessageEdited
from shared.contracts.engagement import SessionClosed, SessionOpened
from shared.engine import Event
from shared.postgres.pool import open_pool
from tests.builders import at, event, posted
from tests.moderation_world import MakeDatabase, World

LINK = "看看这个 https://shop.example.com/tea"


@pytest.fixture
async def world(service_database: MakeDatabase) -> AsyncIterator[World]:
    """A fresh database in which ann has been known for long."""
    pool = await open_pool((await service_database("moderation")).app_url, "test", size_min=1, size_max=1)
    async with pool.acquire() as connection:
        world = World(connection)
        joined = MemberJoined(community_id="tea", member_id="ann")
        await world.handle(event(joined, at(days=-9)))
        await world.handle(*(posted(f"大家好{n}", at(minutes=n, days=-8)) for n in range(3)))
        yield world
    await pool.close()


def opened(minutes: float = 0, ends: datetime | None = None, session: str = "s1") -> Event[Any]:
    """A session opens in the hall, for an hour; host and guest speak."""
    data = SessionOpened(
        community_id="tea", session_id=session, channel_id="hall", speaker_ids=("host", "guest"),
        ends_at=ends or at(minutes=60 + minutes),
    )  # fmt: skip
    return event(data, at(minutes=minutes))


def closed(minutes: float, session: str = "s1") -> Event[Any]:
    """The session is over."""
    return event(
        SessionClosed(community_id="tea", session_id=session, channel_id="hall"), at(minutes=minutes)
    )


def link(minutes: float, message: str, **fields: Any) -> Event[Any]:
    """A link from ann."""
    return posted(LINK, at(minutes=minutes), message=message, **fields)


async def test_a_first_link_in_a_session_is_pointed_out_privately(world: World) -> None:
    await world.handle(opened(), link(5, "m1"))
    assert await world.removed() == []
    (notice,) = world.told("send_message")
    assert notice["member_id"] == "ann"
    assert "分享会" in notice["text"]
    assert world.told("sanction.applied") == []


async def test_the_second_goes_and_counts_as_usual(world: World) -> None:
    await world.handle(opened(), link(5, "m1"))
    await world.handle(link(10, "m2"))
    assert await world.removed() == ["m2"]
    assert [each["kind"] for each in world.told("sanction.applied")] == ["reminder"]


async def test_what_comes_with_the_first_belongs_to_it(world: World) -> None:
    await world.handle(opened(), link(5, "m1"), link(5.1, "m2"))
    assert await world.removed() == []
    assert len(world.told("send_message")) == 1


async def test_five_messages_in_ten_seconds_are_too_many_in_a_session(world: World) -> None:
    def burst(minutes: float) -> list[Event[Any]]:
        words = "春夏秋冬茶"
        return [
            posted(word * 5, at(minutes * 60 + n), message=f"{minutes}-{n}") for n, word in enumerate(words)
        ]

    await world.handle(*burst(-5))
    assert world.announced == []
    await world.handle(opened(), *burst(5)[:4])
    assert world.announced == []
    await world.handle(*burst(5))
    assert len(world.told("send_message")) == 1
    await world.handle(*burst(15))
    assert await world.removed() == ["15-4"]


@pytest.mark.parametrize("member", ["host", "guest"])
async def test_host_and_speakers_may_send_links(world: World, member: str) -> None:
    await world.handle(opened(), link(5, "m1", member=member), link(10, "m2", member=member))
    assert world.told("send_message", "message.removed") == []


async def test_other_channels_are_as_always(world: World) -> None:
    await world.handle(opened(), link(5, "m1", channel="tearoom"))
    assert world.announced == []


@pytest.mark.parametrize(
    ("minutes", "is_held"), [(-0.1, False), (0, True), (29.9, True), (30, False), (59, False)]
)
async def test_a_session_holds_from_its_opening_up_to_its_closing(
    world: World, minutes: float, is_held: bool
) -> None:
    await world.handle(opened(), closed(30))
    await world.handle(link(minutes, "m1"))
    assert (world.told("send_message") != []) is is_held


async def test_a_closing_that_comes_first_counts(world: World) -> None:
    await world.handle(closed(30))
    await world.handle(opened())
    await world.handle(link(40, "m1"))
    assert world.announced == []
    await world.handle(link(20, "m2", now=at(minutes=21)))
    assert len(world.told("send_message")) == 1


async def test_a_session_that_nobody_closes_ends_when_it_said(world: World) -> None:
    await world.handle(opened())
    await world.handle(link(60, "m1"))
    assert world.announced == []


async def test_the_next_session_begins_anew(world: World) -> None:
    await world.handle(opened(), link(5, "m1"), closed(30), opened(120, session="s2"), link(130, "m2"))
    assert await world.removed() == []
    assert len(world.told("send_message")) == 2


async def test_what_comes_too_late_disturbs_no_session(world: World) -> None:
    await world.handle(opened(), link(5, "m1", now=at(minutes=20)))
    assert world.announced == []
    await world.handle(link(21, "m2"))
    assert await world.removed() == []


async def test_the_same_events_once_more_change_nothing(world: World) -> None:
    events = [opened(), link(5, "m1"), link(10, "m2"), closed(30)]
    await world.handle(*events)
    before = await world.lasting()
    await world.handle(*events)
    await world.handle(*events[1:])
    assert await world.lasting() == before


async def test_sessions_are_forgotten(world: World) -> None:
    await world.handle(opened(), link(5, "m1"))
    await world.fire("forget_members", at(days=20))
    assert await world.rows("hosted_session") == await world.rows("session_offence") == []


def edited(minutes: float, message: str, text: str = LINK, **fields: Any) -> Event[Any]:
    """What ann makes of a message."""
    about: dict[str, Any] = {"channel_id": "hall", "member_id": "ann"} | fields
    data = MessageEdited(community_id="tea", message_id=message, text=text, **about)
    return event(data, at(minutes=minutes))


async def test_a_link_that_is_edited_in_counts_like_one_that_is_posted(world: World) -> None:
    await world.handle(opened(), posted("大家好", at(minutes=1), message="m1"), edited(2, "m1"))
    (notice,) = world.told("send_message")
    assert (notice["member_id"], await world.removed()) == ("ann", [])
    await world.handle(edited(5, "m2"))
    assert await world.removed() == ["m2"]


async def test_speakers_operators_and_words_may_be_edited_in(world: World) -> None:
    await world.handle(
        opened(),
        posted("大家好", at(minutes=1), message="m0", member="olga", member_roles=("operator",)),
        edited(2, "m0", member_id="olga"),
        edited(3, "m1", member_id="guest"),
        *(edited(4 + n / 60, f"w{n}", "改了一个错字") for n in range(9)),
        edited(40, "m3", channel_id="tearoom"),
        edited(70, "m4"),
    )
    assert world.told("send_message", "message.removed") == []
