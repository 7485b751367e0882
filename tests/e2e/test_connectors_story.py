"""A message typed in a true chat is judged and answered in that chat: Synapse, Kafka, all services."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from connectors.imports.feed import Feed
from connectors.imports.reading import Parsed
from connectors.sdk.profiles import changed, read_profile
from connectors.sdk.publisher import Publisher
from shared.contracts.chat import MessagePosted
from shared.contracts.commands import CommandFailed
from shared.contracts.identity import milliseconds
from shared.contracts.topics import CHAT_RECEIPTS
from tests.connector_world import records
from tests.e2e.stack_fixtures import Pipeline
from tests.matrix_world import BOT, Room, eventually
from tests.matrix_world import room as made_room
from tests.synapse import Person, Synapse, synapse

AFTERNOON = 15
"""The hour at which the silent room's members live now."""
STRICT_ABOUT_FLOODS = """
ladder: {short_mute_minutes: 1}
rules: [{id: flood, severity: 3}]
"""


@pytest.fixture(scope="module")
async def homeserver(live: Pipeline) -> AsyncIterator[Synapse]:
    """One Synapse beside the stack."""
    async with synapse(live.stack.home) as server:
        yield server


@pytest.fixture
async def room(live: Pipeline, homeserver: Synapse, tmp_path: Path) -> AsyncIterator[Room]:
    """A room whose community all services look after."""
    async with made_room(live.stack.home, live.servers, homeserver, tmp_path) as there:
        await there.until_announced()
        yield there


async def change(live: Pipeline, service: str, method: str, path: str, **request: Any) -> None:
    """An operator's request."""
    process = live.service(service)
    headers = {"authorization": f"Bearer {process.token}", "x-operator": "oda", **request.pop("headers", {})}
    async with httpx.AsyncClient(base_url=process.api_url, trust_env=False, timeout=30) as client:
        answer = await client.request(method, path, headers=headers, **request)
    assert answer.is_success, answer.text


async def said_privately(person: Person, text: str) -> Any:
    """What the bot told somebody in a room for two."""

    async def find() -> Any:
        for invitation in await person.invitations():
            await person.join(invitation)
            rooms.append(invitation)
        for each in rooms:
            for event in await person.newest(each):
                if text in str(event["content"].get("body", "")) and event["sender"] == BOT:
                    return event
        return None

    rooms: list[str] = list((await person.call("GET", "/joined_rooms"))["joined_rooms"])
    return await eventually(find)


async def flooded(room: Room, member: Any) -> bool:
    """Says the same again and again; whether the member is silenced."""
    try:
        for line in range(12):
            await member.say(room.room, f"快来看快来看快来看 {line}")
    except AssertionError:
        return await room.level_of(member) == -1
    return False


async def test_an_ad_goes_a_flood_is_muted_and_members_are_answered(live: Pipeline, room: Room) -> None:
    policy = f"/v1/communities/{room.community}/policy"
    await change(
        live, "moderation", "PUT", policy, content=STRICT_ABOUT_FLOODS.encode(),
        params={"version": 0, "reason": "刷屏太多"}, headers={"content-type": "application/yaml"},
    )  # fmt: skip
    ann, bob, cat = await room.member("ann"), await room.member("bob"), await room.member("cat")
    await ann.say(room.room, "大家晚上好，今天喝的是铁观音，配一点花生，慢慢看书。")

    ad = await bob.say(room.room, "加薇❤信 abc12345 免费领取红包，兼职日结，日赚五百，名额有限")

    async def redacted() -> Any:
        return (await room.owner.event(room.room, ad))["unsigned"].get("redacted_because")

    because = await eventually(redacted)
    assert because["sender"] == BOT
    assert because["content"]["reason"]
    await said_privately(bob, "申诉")

    await ann.say(room.room, "签到")
    answer = await room.said("打卡")
    assert answer["sender"] == BOT
    await ann.say(room.room, "积分")
    await said_privately(ann, "积分")

    assert await eventually(lambda: flooded(room, cat))
    assert await room.level_of(ann) == 0
    await ann.say(room.room, "安静多了，谢谢")

    async def speaks_again() -> bool:
        return await room.level_of(cat) == 0

    assert await eventually(speaks_again, 150)
    await cat.say(room.room, "对不起大家")

    receipts = [receipt for _, receipt in await records(room.servers, CHAT_RECEIPTS, room.community, 4)]
    assert [receipt for receipt in receipts if isinstance(receipt, CommandFailed)] == []


async def test_a_room_that_fell_silent_is_spoken_to(live: Pipeline, room: Room) -> None:
    await change(
        live, "engagement", "PATCH", f"/v1/communities/{room.community}/choices",
        json={"holdout_share": 0.0, "version": 1, "reason": "不留对照组"},
    )  # fmt: skip
    zone = zone_of_afternoon(datetime.now(UTC))
    known = await read_profile(room.servers, room.community)
    assert known
    now = datetime.now(UTC)
    profile = changed(known, room.community, milliseconds(now), time_zone=zone)
    async with Publisher(room.servers, "/import/lively") as publisher:
        await Feed(publisher, profile).run(lively(room, now.astimezone(ZoneInfo(zone))))

    async def spoken_to() -> Any:
        newest = await room.owner.newest(room.room)
        texts = [e for e in newest if e["type"] == "m.room.message" and e["sender"] == BOT]
        return texts[0] if texts else None

    warm_up = await eventually(spoken_to, 120)
    assert len(warm_up["content"]["body"]) > 5
    page = await live.get("engagement", f"/v1/communities/{room.community}/cold-spells")
    assert page["items"][0]["channel_id"] == room.room


def zone_of_afternoon(now: datetime) -> str:
    """A zone in which it is the middle of the afternoon; its sign is Posix's, reversed."""
    offset = AFTERNOON - now.hour
    return f"Etc/GMT{-offset if offset <= 14 else 24 - offset:+d}"


def lively(room: Room, now: datetime) -> Iterator[Parsed]:
    """Ten days on which people talked from ten to nine, and today until noon: the clock moved."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    for day in range(-10, 1):
        for minute in range(600, 1260 if day < 0 else 720, 10):
            moment = midnight + timedelta(days=day, minutes=minute)
            message = MessagePosted(
                community_id=room.community,
                channel_id=room.room,
                message_id=f"before-{day}-{minute}",
                member_id=f"@u{minute % 7}:tea.example",
                text=f"聊到第 {-day} 天 {minute}",
            )
            yield Parsed(message, moment.astimezone(UTC))
