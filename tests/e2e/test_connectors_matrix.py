"""Matrix on a true Synapse: what people do becomes events, and every act is carried out in the room."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from connectors.sdk.profiles import read_profile
from deploy.local.home import Home
from deploy.local.kafka import KafkaServer
from deploy.local.ports import HOST
from shared.contracts.commands import (
    AnswerJoinRequest,
    BanMember,
    CommandExecuted,
    DeleteMessage,
    MuteMember,
    PinMessage,
    RemoveMember,
    SendMessage,
    UnbanMember,
    UnmuteMember,
)
from shared.contracts.topics import CHAT_EVENTS
from tests.connector_world import happened, records
from tests.matrix_world import BOT, Room, eventually
from tests.matrix_world import room as made_room
from tests.synapse import HS_TOKEN, Synapse, synapse


@pytest.fixture(scope="module")
async def homeserver(servers_home: Home) -> AsyncIterator[Synapse]:
    """One Synapse for these tests."""
    async with synapse(servers_home) as server:
        yield server


@pytest.fixture
async def room(
    servers_home: Home, kafka_server: KafkaServer, homeserver: Synapse, tmp_path: Path
) -> AsyncIterator[Room]:
    """A room of its own, with its connector."""
    async with made_room(servers_home, kafka_server.bootstrap_servers, homeserver, tmp_path) as there:
        yield there


async def test_what_people_do_becomes_events(room: Room) -> None:
    ann = await room.member("ann")
    bob = await room.member("bob")
    first = await room.owner.say(room.room, "大家好 👋")
    answer = await ann.say(
        room.room,
        "> <@owner> 大家好 👋\n\n你好",
        **{
            "m.relates_to": {"m.in_reply_to": {"event_id": first}},
            "m.mentions": {"user_ids": [room.owner.name]},
        },
    )
    edit = {"m.new_content": {"msgtype": "m.text", "body": "您好"}}
    await ann.say(
        room.room, "* 您好", **edit, **{"m.relates_to": {"rel_type": "m.replace", "event_id": answer}}
    )
    relation = {"m.relates_to": {"rel_type": "m.annotation", "event_id": answer, "key": "👍"}}
    liked = await bob.send(room.room, "m.reaction", relation)
    await happened(room.chat, 6)  # what is redacted before it is brought comes empty
    await bob.call("PUT", f"/rooms/{room.room}/redact/{liked}/r1", {})
    await ann.call("PUT", f"/rooms/{room.room}/redact/{answer}/r2", {"reason": "错了"})
    await bob.call("POST", f"/rooms/{room.room}/leave", {})
    await room.owner.call("POST", f"/rooms/{room.room}/kick", {"user_id": ann.name})

    events = await happened(room.chat, 10)
    kinds = [event.TYPE for event in events]
    assert kinds == [
        "member.joined", "member.joined", "message.posted", "message.posted", "message.edited",
        "reaction.added", "reaction.removed", "message.deleted", "member.left", "member.left",
    ]  # fmt: skip
    posted, replied, edited, added, removed, deleted, left, kicked = events[2:]
    assert (posted.text, posted.member_id, posted.channel_id) == ("大家好 👋", room.owner.name, room.room)
    assert (replied.text, replied.reply_to, replied.reply_to_member) == ("你好", first, room.owner.name)
    assert replied.mentions == (room.owner.name,)
    assert (edited.message_id, edited.text) == (answer, "您好")
    assert (added.message_id, added.reaction, added.author_id) == (answer, "👍", ann.name)
    assert (removed.message_id, removed.reaction) == (answer, "👍")
    assert (deleted.message_id, deleted.member_id, deleted.deleted_by) == (answer, ann.name, ann.name)
    assert (left.member_id, left.removed_by) == (bob.name, None)
    assert (kicked.member_id, kicked.removed_by) == (ann.name, room.owner.name)


async def test_an_invitation_names_its_inviter(room: Room) -> None:
    await room.owner.call("PUT", f"/rooms/{room.room}/state/m.room.join_rules", {"join_rule": "invite"})
    cat = await room.synapse.person("cat" + room.community[-4:])
    await room.owner.call("POST", f"/rooms/{room.room}/invite", {"user_id": cat.name})
    await cat.join(room.room)
    (joined,) = await happened(room.chat, 1)
    assert (joined.member_id, joined.invited_by) == (cat.name, room.owner.name)


async def test_the_profile_says_what_the_bot_may_do(room: Room) -> None:
    async def announced() -> Any:
        profile = await read_profile(room.servers, room.community)
        return profile.channels[0].capabilities if profile and profile.channels else None

    able = await eventually(announced)
    assert {"delete", "mute", "remove", "ban", "pin", "send", "reply", "direct"} <= set(able)
    levels = await room.owner.state(room.room, "m.room.power_levels")
    levels["users"][BOT] = 0
    await room.owner.call("PUT", f"/rooms/{room.room}/state/m.room.power_levels", levels)

    async def less() -> bool:
        found = await announced()
        return "delete" not in found and "send" in found

    assert await eventually(less)
    refused = await room.chat.outcome(room.chat.command(PinMessage, channel_id=room.room))
    assert refused.failure == "unsupported"


async def test_every_act_is_carried_out(room: Room) -> None:
    ann, chat = await room.member("ann"), room.chat
    bad = await ann.say(room.room, "加微信")
    place = {"channel_id": room.room, "member_id": ann.name}

    gone = await chat.outcome(chat.command(DeleteMessage, **place, message_id=bad, reason="广告"))
    assert isinstance(gone, CommandExecuted)
    redacted = await room.owner.event(room.room, bad)
    assert redacted["content"] == {}
    assert redacted["unsigned"]["redacted_because"]["content"]["reason"] == "广告"

    sent = await chat.outcome(chat.command(SendMessage, **place, text="请看群规"))
    event = await room.owner.event(room.room, sent.platform_message_id)
    assert (event["content"]["body"], event["sender"]) == ("请看群规", BOT)
    assert event["content"]["m.mentions"] == {"user_ids": [ann.name]}

    answered = await chat.outcome(chat.command(SendMessage, **place, reply_to=bad, text="已删除"))
    event = await room.owner.event(room.room, answered.platform_message_id)
    assert event["content"]["m.relates_to"]["m.in_reply_to"]["event_id"] == bad

    direct = await chat.outcome(chat.command(SendMessage, channel_id=None, member_id=ann.name, text="私下说"))
    assert isinstance(direct, CommandExecuted)
    (private,) = await ann.invitations()
    await ann.join(private)
    assert any("私下说" in str(event["content"]) for event in await ann.newest(private))

    await chat.outcome(chat.command(PinMessage, channel_id=room.room, message_id=sent.platform_message_id))
    pinned = await room.owner.state(room.room, "m.room.pinned_events")
    assert pinned["pinned"] == [sent.platform_message_id]

    await chat.outcome(chat.command(RemoveMember, **place, reason="请遵守群规"))
    member = await room.owner.state(room.room, "m.room.member", ann.name)
    assert (member["membership"], member["reason"]) == ("leave", "请遵守群规")

    await chat.outcome(chat.command(BanMember, **place))
    assert (await room.owner.state(room.room, "m.room.member", ann.name))["membership"] == "ban"
    await chat.outcome(chat.command(UnbanMember, **place))
    await ann.join(room.room)


async def test_a_mute_silences_and_ends_also_when_the_connector_was_away(room: Room) -> None:
    ann, chat = await room.member("ann"), room.chat
    place = {"channel_id": room.room, "member_id": ann.name}
    until = datetime.now(UTC) + timedelta(seconds=6)
    assert isinstance(await chat.outcome(chat.command(MuteMember, **place, until=until)), CommandExecuted)
    assert await room.level_of(ann) == -1
    await ann.say(room.room, "我还能说话吗", fails=True)
    assert room.process
    room.process.kill()
    await asyncio.sleep(max(0.0, (until - datetime.now(UTC)).total_seconds()))
    assert await room.level_of(ann) == -1
    room.start()

    async def ended() -> bool:
        return await room.level_of(ann) == 0

    assert await eventually(ended)
    await ann.say(room.room, "谢谢")

    long = datetime.now(UTC) + timedelta(hours=1)
    await chat.outcome(chat.command(MuteMember, **place, until=long))
    assert await room.level_of(ann) == -1
    await chat.outcome(chat.command(UnmuteMember, **place))
    assert await room.level_of(ann) == 0


async def test_who_knocks_is_let_in_or_not(room: Room) -> None:
    await room.owner.call("PUT", f"/rooms/{room.room}/state/m.room.join_rules", {"join_rule": "knock"})
    for name, accept, membership in (("ann", True, "invite"), ("bob", False, "leave")):
        person = await room.synapse.person(name + room.community[-6:])
        await person.call("POST", f"/knock/{room.room}", {"reason": "喜欢茶"})

        async def asked(person: Any = person) -> Any:
            found = [e for e in await happened(room.chat, 0) if e.TYPE == "join.requested"]
            return next((each for each in found if each.member_id == person.name), None)

        request = await eventually(asked)
        assert request.answers[0].answer == "喜欢茶"
        command = room.chat.command(
            AnswerJoinRequest, request_id=request.request_id, member_id=person.name, accept=accept
        )
        assert isinstance(await room.chat.outcome(command), CommandExecuted)
        state = await room.owner.state(room.room, "m.room.member", person.name)
        assert state["membership"] == membership


async def test_a_command_about_what_is_gone_is_answered(room: Room) -> None:
    outcome = await room.chat.outcome(
        room.chat.command(DeleteMessage, channel_id=room.room, message_id="$nothing", member_id="@x:y")
    )
    assert isinstance(outcome, CommandExecuted)


async def test_a_connector_that_is_killed_loses_nothing_and_doubles_nothing(room: Room) -> None:
    people = [await room.member(f"talker{number}") for number in range(3)]
    said: list[str] = []

    async def talk() -> None:
        for number in range(300):
            said.append(await people[number % 3].say(room.room, f"第{number}句"))

    talking = asyncio.create_task(talk())
    for after in (60, 140, 220):
        while len(said) < after:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        assert room.process
        room.process.kill()
        room.start()
    await talking

    async def complete() -> Any:
        found = await records(room.servers, CHAT_EVENTS, room.community, 0)
        by_id = {envelope.id: event for envelope, event in found if event.TYPE == "message.posted"}
        return by_id if len(by_id) >= 300 else None

    by_id = await eventually(complete)
    assert [event.message_id for event in by_id.values()] == said, "0 lost, 0 doubled, in order"


async def test_only_the_homeserver_may_bring_transactions(room: Room) -> None:
    url = f"http://{HOST}:{room.synapse.as_port}/_matrix/app/v1"
    event = {
        "type": "m.room.message",
        "room_id": room.room,
        "event_id": "$forged",
        "sender": "@x:y",
        "origin_server_ts": int(datetime.now(UTC).timestamp() * 1000),
        "content": {"msgtype": "m.text", "body": "forged"},
    }
    async with httpx.AsyncClient(trust_env=False) as client:
        for headers in ({}, {"authorization": "Bearer wrong"}, {"authorization": HS_TOKEN}):
            for path in ("/transactions/t1", "/users/x", "/rooms/x", "/ping"):
                method = {"/transactions/t1": "PUT", "/ping": "POST"}.get(path, "GET")
                answer = await client.request(method, url + path, headers=headers, json={"events": [event]})
                assert answer.status_code == 401
        right = {"authorization": f"Bearer {HS_TOKEN}"}
        for body in (b"{", b"[]", b'{"events": 7}'):
            answer = await client.put(f"{url}/transactions/t2", headers=right, content=body)
            assert answer.status_code == 400
        hostile = [
            7,
            None,
            {},
            {**event, "content": []},
            {**event, "origin_server_ts": 1e400},
            {**event, "event_id": ""},
        ]
        answer = await client.put(
            f"{url}/transactions/t3",
            headers=right,
            content=json.dumps({"events": [*hostile, {**event, "event_id": "$right"}]}),
        )
        assert answer.status_code == 200
        for _ in range(2):
            again = {"events": [{**event, "event_id": "$again"}]}
            assert (await client.put(f"{url}/transactions/t4", headers=right, json=again)).status_code == 200
    posted = [each.message_id for each in await happened(room.chat, 2) if each.TYPE == "message.posted"]
    assert posted == ["$right", "$again"]
