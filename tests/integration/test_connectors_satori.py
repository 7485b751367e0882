"""Satori: a server's events become Hearth's, every act in the protocol's words, by what the server can do."""

import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.satori.app import build
from connectors.satori.message import message_of, read
from connectors.satori.settings import Settings
from deploy.local.kafka import KafkaServer
from shared.contracts.commands import (
    AnswerJoinRequest,
    BanMember,
    Command,
    CommandExecuted,
    DeleteMessage,
    MuteMember,
    PinMessage,
    RemoveMember,
    SendMessage,
    UnmuteMember,
)
from tests.chat_platform import asked, guest_served, settings_for
from tests.connector_world import Chat, announced, happened, new_name, until
from tests.satori_stand_in import GUILD, SELF, Satori, satori

TOKEN = "satori-token-of-the-tests"
PLACE = {"channel_id": "sa:c1", "member_id": "sa:20001"}
TARGET = {"guild_id": GUILD, "user_id": "20001"}


@pytest.fixture
def chat(kafka_server: KafkaServer, tmp_path: Path) -> Chat:
    """A community of two channels."""
    chat = Chat(kafka_server.bootstrap_servers, tmp_path, namespace="sa")
    chat.connector_id = new_name("satori")
    return chat


@contextlib.asynccontextmanager
async def running(chat: Chat, server: Satori, token: str = TOKEN) -> AsyncIterator[None]:
    """The connector."""
    fields = {"satori_url": server.url, "satori_token": token}
    async with guest_served(build, settings_for(chat, Settings, ["c1", "c2"], **fields)):
        yield


@pytest.fixture
async def server(chat: Chat) -> AsyncIterator[Satori]:
    """The platform, with a connector whose rights are known."""
    async with satori(TOKEN) as server, running(chat, server):
        await announced(chat, "send")
        yield server


async def test_messages_keep_their_order_in_each_channel(chat: Chat, server: Satori) -> None:
    for number in range(1_000):
        quote = '<quote id="m1"/>' if number % 3 else ""
        await server.says(f"c{1 + number % 2}", f"{quote}第{number}句")
    events = await happened(chat, 1_000)
    for place in (0, 1):
        texts = [event.text for event in events if event.channel_id == f"sa:c{1 + place}"]
        assert texts == [f"第{number}句" for number in range(place, 1_000, 2)]


async def test_what_happens_becomes_events(chat: Chat, server: Satori) -> None:
    await server.happens(
        "message-created", channel={"id": "c1", "type": 0}, guild={"id": GUILD},
        user={"id": "20001", "name": "安"}, message={"id": "m1", "content": "早 &lt;茶&gt;"},
        member={"nick": "小安", "roles": [{"id": "2", "name": "admin"}]},
    )  # fmt: skip
    await server.says(
        "c1", '<quote id="m1"><author id="20001"/>早</quote><at id="20001" name="小安"/>好<img src="http://x/a"/>',
        "20002",
    )  # fmt: skip
    place = {"channel": {"id": "c1", "type": 0}, "guild": {"id": GUILD}}
    ann = {"id": "20001", "name": "安"}
    await server.happens("message-updated", **place, user=ann, message={"id": "m1", "content": "早上好"})
    reaction = {"message": {"id": "m1", "content": ""}, "user": {"id": "20002"}, "emoji": {"id": "👍"}}
    await server.happens("reaction-added", **place, **reaction)
    await server.happens("reaction-removed", **place, **reaction)
    admin = {"id": "20009"}
    await server.happens("message-deleted", **place, user=ann, operator=admin, message={"id": "m1"})
    newcomer = {"guild": {"id": GUILD}, "user": {"id": "20003", "name": "柳"}}
    await server.happens("guild-member-request", **newcomer, message={"id": "r1", "content": "喜欢茶"})
    await server.happens("guild-member-added", **newcomer)
    await server.happens("guild-member-removed", **newcomer, operator=admin)
    await server.says("c9", "a channel of nobody")
    await server.happens("message-created", channel={"id": "c1", "type": 0}, user=SELF,
                         message={"id": "m9", "content": "我"})  # fmt: skip

    said, reply, edited, added, removed, deleted, request, joined, left, own = await happened(chat, 10)
    assert (said.text, said.member_id, said.message_id) == ("早 <茶>", "sa:20001", "sa:c1:m1")
    assert (said.member_name, said.member_roles) == ("小安", ("operator", "admin"))
    assert (reply.text, reply.reply_to, reply.reply_to_member) == ("@小安 好", said.message_id, "sa:20001")
    picture = reply.attachments[0]
    assert (reply.mentions, picture.kind, picture.url) == (("sa:20001",), "image", "http://x/a")
    assert (edited.message_id, edited.text) == (said.message_id, "早上好")
    assert (added.reaction, added.author_id, removed.TYPE) == ("👍", "sa:20001", "reaction.removed")
    assert (deleted.message_id, deleted.deleted_by) == (said.message_id, "sa:20009")
    assert (request.request_id, request.answers[0].answer) == ("sa:r1", "喜欢茶")
    assert (joined.member_id, joined.member_name, joined.channel_id) == ("sa:20003", "柳", "sa:c1")
    assert (left.removed_by, own.is_bot) == ("sa:20009", True)


@pytest.mark.parametrize(
    ("act", "fields", "calls"),
    [
        (DeleteMessage, {"message_id": "sa:c1:m5"},
         [("message.delete", {"channel_id": "c1", "message_id": "m5"})]),
        (UnmuteMember, {}, [("guild.member.mute", {**TARGET, "duration": 0})]),
        (RemoveMember, {}, [("guild.member.kick", {**TARGET, "permanent": False})]),
        (BanMember, {}, [("guild.member.kick", {**TARGET, "permanent": True})]),
        (AnswerJoinRequest, {"request_id": "sa:r1", "accept": False, "reason": "满"},
         [("guild.member.approve", {"message_id": "r1", "approve": False, "comment": "满"})]),
        (SendMessage, {"member_id": None, "text": '<at type="all"/> & 好'},
         [("message.create", {"channel_id": "c1", "content": '&lt;at type="all"/&gt; &amp; 好'})]),
        (SendMessage, {"reply_to": "sa:c1:m5", "text": "好"},
         [("message.create",
           {"channel_id": "c1", "content": '<quote id="m5"/><at id="20001"/> 好'})]),
        (SendMessage, {"channel_id": None, "text": "私"},
         [("user.channel.create", {"user_id": "20001"}),
          ("message.create", {"channel_id": "d1", "content": "私"})]),
    ],
)  # fmt: skip
async def test_an_act_in_the_protocols_words(
    chat: Chat, server: Satori, act: type[Command], fields: Any, calls: Any
) -> None:
    receipt = await chat.outcome(asked(chat, act, PLACE, fields))
    assert isinstance(receipt, CommandExecuted)
    assert receipt.downgraded_to is None
    assert server.calls == calls


async def test_mutes_are_in_milliseconds_and_long_texts_are_cut(chat: Chat, server: Satori) -> None:
    until_then = datetime.now(UTC) + timedelta(days=60)
    muted = await chat.outcome(chat.command(MuteMember, **PLACE, until=until_then))
    assert muted.downgraded_to == "shorter_mute"
    assert 27 * 86_400_000 < server.calls[0][1]["duration"] < 28 * 86_400_000
    long = await chat.outcome(
        chat.command(SendMessage, channel_id="sa:c1", member_id=None, text="茶" * 9_000)
    )
    assert long.downgraded_to == "shorter_text"
    assert server.calls[1][1]["content"] == "茶" * 1_959 + "…"


async def test_what_the_server_refuses_lacks_or_has_no_more(chat: Chat, server: Satori) -> None:
    assert (await chat.outcome(asked(chat, PinMessage, PLACE, {}))).failure == "unsupported"
    delete = {"message_id": "sa:c1:m5"}
    for status, failure in ((403, "refused"), (413, "refused"), (501, "unsupported")):
        server.failing["message.delete"] = status
        receipt = await chat.outcome(asked(chat, DeleteMessage, PLACE, delete))
        assert (receipt.failure, receipt.detail) == (failure, f"HTTP {status}")
    server.failing["message.delete"] = 404
    assert isinstance(await chat.outcome(asked(chat, DeleteMessage, PLACE, delete)), CommandExecuted)
    server.failing["message.create"] = 500
    unsure = await chat.outcome(asked(chat, SendMessage, PLACE, {}))
    assert unsure.failure == "failed"
    server.failing["message.delete"] = 503
    (command_id,) = await chat.ask(asked(chat, DeleteMessage, PLACE, delete))
    count = len(server.calls)
    await until(lambda: len(server.calls) > count + 1)
    del server.failing["message.delete"]
    assert isinstance((await chat.receipts(7))[command_id], CommandExecuted)


async def test_rights_are_what_the_server_can_do(chat: Chat) -> None:
    async with satori(TOKEN, features=("message.delete", "guild.plain")) as server, running(chat, server):
        await announced(chat, "delete")
        assert (await chat.outcome(asked(chat, BanMember, PLACE, {}))).failure == "unsupported"
        assert server.calls == []


async def test_a_break_is_told_as_a_gap_and_commands_wait_for_its_end(chat: Chat) -> None:
    async with satori(TOKEN) as server, running(chat, server):
        await announced(chat, "delete")
        await server.says("c1", "一")
        await happened(chat, 1)
        await server.hang_up()
        deleted = await chat.outcome(asked(chat, DeleteMessage, PLACE, {"message_id": "sa:c1:m2"}))
        assert isinstance(deleted, CommandExecuted)
        await until(lambda: len(server.identified) == 2)
        assert server.identified[1]["sn"] == 2, "the server is asked for what came after the last event"
        await server.says("c1", "二")
        one, gap, two = await happened(chat, 3)
    assert (one.text, gap.TYPE, two.text) == ("一", "connector.gap", "二")
    assert gap.gap_from <= gap.gap_to


async def test_hostile_frames_lose_nothing_and_reach_no_log(
    chat: Chat, server: Satori, caplog: pytest.LogCaptureFixture
) -> None:
    place = {"channel": {"id": "c1", "type": 0}, "user": {"id": "20001"}}
    for broken in (
        {"message": {"id": "m", "content": "secret words"}, "timestamp": "x"},
        {"message": "secret words"},
        {"message": {"id": "m" * 5_000}},
        {"user": None},
    ):
        await server.happens("message-created", **{**place, **broken})
    await server.happens("no-such-event", **place, note="secret words")
    await server.says("c1", "还在")
    assert [event.text for event in await happened(chat, 1)] == ["还在"]
    seen = len(server.identified)
    await server.raw('{"op": 0, "body": "secret words"}')
    await until(lambda: len(server.identified) > seen)
    await server.says("c1", "又在")
    _, gap, again = await happened(chat, 3)
    assert (gap.TYPE, again.text) == ("connector.gap", "又在")
    assert "adapter reports" in caplog.text
    assert "secret words" not in caplog.text
    assert TOKEN not in caplog.text


@pytest.mark.parametrize(
    "content", ["<", "<<at", '<at id="', "</p></p>", "<message><message>", "&#x;", "&#99999999999;"]
)
def test_broken_markup_is_text_or_malformed(content: str) -> None:
    try:
        read(content)
    except (ValueError, OverflowError):
        return


def test_a_text_is_never_markup() -> None:
    assert (
        read(message_of('<at type="all"/>&amp;', reply_to="m1", mention="2")).text
        == '@2  <at type="all"/>&amp;'
    )
