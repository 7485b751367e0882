"""A message typed in a true chat is judged and answered in that chat: Synapse, Kafka, all services."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from shared.contracts.topics import CHAT_RECEIPTS
from tests.connector_world import records
from tests.e2e.stack_fixtures import Pipeline
from tests.matrix_world import BOT, Room, eventually
from tests.matrix_world import room as made_room
from tests.synapse import synapse

FLOODS_MAX = 6
"""Bursts until a mute: points grow by one with each decision."""


@pytest.fixture
async def room(live: Pipeline, tmp_path: Path) -> AsyncIterator[Room]:
    """A room whose community all services look after."""
    async with (
        synapse(live.stack.home) as homeserver,
        made_room(live.stack.home, live.servers, homeserver, tmp_path) as there,
    ):
        yield there


async def test_an_ad_goes_a_flood_is_muted_and_a_check_in_is_answered(room: Room) -> None:
    ann, bob = await room.member("ann"), await room.member("bob")
    await ann.say(room.room, "大家晚上好，今天喝的是铁观音，配一点花生，慢慢看书。")

    ad = await bob.say(room.room, "加薇❤信 abc12345 免费领取红包，兼职日结，日赚五百，名额有限")

    async def redacted(event: str = ad) -> Any:
        return (await room.owner.event(room.room, event))["unsigned"].get("redacted_because")

    because = await eventually(redacted)
    assert because["sender"] == BOT
    assert because["content"]["reason"]
    (private,) = await eventually(bob.invitations)
    await bob.join(private)
    assert any("申诉" in str(event["content"]) for event in await bob.newest(private))

    await ann.say(room.room, "签到")
    answer = await room.said("打卡")
    assert answer["sender"] == BOT

    async def flood_until_muted() -> bool:
        for number in range(FLOODS_MAX):
            for line in range(12):
                try:
                    await bob.say(room.room, f"快来看快来看快来看 {number} {line}")
                except AssertionError:
                    return True
            await asyncio.sleep(2)
        return False

    assert await flood_until_muted()
    assert await room.level_of(bob) == -1
    assert await room.level_of(ann) == 0
    await ann.say(room.room, "安静多了，谢谢")

    receipts = [receipt for _, receipt in await records(room.servers, CHAT_RECEIPTS, room.community, 4)]
    assert {type(receipt).TYPE for receipt in receipts} == {"command.executed"}
