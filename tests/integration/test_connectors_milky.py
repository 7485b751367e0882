"""QQ over Milky: every group's messages in order, every act in the protocol's words."""

import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.milky.app import build
from connectors.milky.settings import Settings
from deploy.local.kafka import KafkaServer
from shared.contracts.commands import (
    AnswerJoinRequest,
    BanMember,
    Command,
    CommandExecuted,
    DeleteMessage,
    GrantTitle,
    MuteMember,
    PinMessage,
    RemoveMember,
    SendMessage,
    UnmuteMember,
)
from tests.chat_platform import asked, guest_served, settings_for
from tests.connector_world import Chat, announced, happened, new_name, until
from tests.milky_stand_in import SELF, Milky, milky, segment

TOKEN = "milky-token-of-the-tests"
GROUPS = (701, 702)
PLACE = {"channel_id": "qq:701", "member_id": "qq:20001"}
TARGET = {"group_id": 701, "user_id": 20001}
MESSAGE = {"group_id": 701, "message_seq": 5}
REQUEST = {"group_id": 701, "notification_seq": 9, "notification_type": "join_request"}


@pytest.fixture
def chat(kafka_server: KafkaServer, tmp_path: Path) -> Chat:
    """A community of two groups."""
    chat = Chat(kafka_server.bootstrap_servers, tmp_path, namespace="qq")
    chat.connector_id = new_name("milky")
    return chat


@contextlib.asynccontextmanager
async def running(chat: Chat, server: Milky) -> AsyncIterator[None]:
    """The connector."""
    fields = {"milky_url": server.url, "milky_token": TOKEN}
    async with guest_served(build, settings_for(chat, Settings, list(GROUPS), **fields)):
        yield


@pytest.fixture
async def server(chat: Chat) -> AsyncIterator[Milky]:
    """The platform, with a connector whose rights are known."""
    async with milky(TOKEN) as server, running(chat, server):
        await announced(chat, "delete")
        yield server


async def test_messages_keep_their_order_in_each_group(chat: Chat, server: Milky) -> None:
    for number in range(1_000):
        await server.says(GROUPS[number % 2], f"第{number}句")
    events = await happened(chat, 1_000)
    for place, group in enumerate(GROUPS):
        texts = [event.text for event in events if event.channel_id == f"qq:{group}"]
        assert texts == [f"第{number}句" for number in range(place, 1_000, 2)]


async def test_what_happens_in_a_group_becomes_events(chat: Chat, server: Milky) -> None:
    await server.says(701, "早 [CQ:at,qq=all]")
    reply = {"message_seq": 1, "sender_id": 20001, "time": 1, "segments": []}
    picture = {"resource_id": "r", "temp_url": "http://x/a", "width": 1, "height": 1, "sub_type": "normal"}
    await server.says(
        701,
        [segment("reply", **reply), segment("mention", user_id=20001, name="安"), segment("text", text="好"),
         segment("face", face_id="13", is_large=False), segment("image", **picture, summary="茶")],
        20002,
    )  # fmt: skip
    reaction = {"group_id": 701, "user_id": 20002, "message_seq": 1, "face_id": "76"}
    for is_add in (True, False):
        await server.happens("group_message_reaction", **reaction, reaction_type="face", is_add=is_add)
    recall = {"peer_id": 701, "message_seq": 1, "sender_id": 20001, "operator_id": 20009}
    await server.happens("message_recall", message_scene="group", display_suffix="", **recall)
    await server.says(999, "a group of nobody")
    await server.says(701, "private", message_scene="friend")
    await server.says(701, "我", SELF)

    said, answer, added, removed, deleted, own = await happened(chat, 6)
    assert (said.text, said.member_id, said.message_id) == ("早 [CQ:at,qq=all]", "qq:20001", "qq:701:1")
    assert (said.member_name, said.is_bot, own.is_bot) == ("安", False, True)
    assert (answer.text, answer.reply_to, answer.reply_to_member) == (
        "@安 好[表情13]",
        "qq:701:1",
        "qq:20001",
    )
    assert (answer.mentions, answer.attachments[0].url) == (("qq:20001",), "http://x/a")
    assert (added.reaction, added.author_id, removed.TYPE) == ("76", "qq:20001", "reaction.removed")
    assert (deleted.message_id, deleted.member_id, deleted.deleted_by) == ("qq:701:1", "qq:20001", "qq:20009")


async def test_who_asks_comes_and_goes(chat: Chat, server: Milky) -> None:
    request = {"group_id": 701, "notification_seq": 9, "is_filtered": False, "initiator_id": 20003}
    await server.happens("group_join_request", **request, comment="喜欢茶")
    invitation = {"group_id": 701, "notification_seq": 10, "initiator_id": 20001, "target_user_id": 20004}
    await server.happens("group_invited_join_request", **invitation)
    await server.happens("group_member_increase", group_id=701, user_id=20004, invitor_id=20001)
    await server.happens("group_member_decrease", group_id=701, user_id=20004, operator_id=20009)
    await server.happens("group_member_decrease", group_id=701, user_id=20003)
    asks, invited, joined, kicked, left = await happened(chat, 5)
    assert (asks.request_id, asks.answers[0].answer) == ("qq:701:9:join_request", "喜欢茶")
    assert (invited.member_id, invited.invited_by) == ("qq:20004", "qq:20001")
    assert (joined.invited_by, kicked.removed_by, left.removed_by) == ("qq:20001", "qq:20009", None)


@pytest.mark.parametrize(
    ("act", "fields", "api", "told"),
    [
        (DeleteMessage, {"message_id": "qq:701:5"}, "recall_group_message", MESSAGE),
        (PinMessage, {"message_id": "qq:701:5"}, "set_group_essence_message", {**MESSAGE, "is_set": True}),
        (UnmuteMember, {}, "set_group_member_mute", {**TARGET, "duration": 0}),
        (RemoveMember, {}, "kick_group_member", {**TARGET, "reject_add_request": False}),
        (BanMember, {}, "kick_group_member", {**TARGET, "reject_add_request": True}),
        (AnswerJoinRequest, {"request_id": "qq:701:9:join_request", "accept": True},
         "accept_group_request", {**REQUEST, "is_filtered": False}),
        (AnswerJoinRequest, {"request_id": "qq:701:9:join_request", "accept": False, "reason": "满"},
         "reject_group_request", {**REQUEST, "is_filtered": False, "reason": "满"}),
        (SendMessage, {"member_id": None, "text": "看群规"},
         "send_group_message", {"group_id": 701, "message": [segment("text", text="看群规")]}),
        (SendMessage, {"reply_to": "qq:701:5", "text": "好"}, "send_group_message",
         {"group_id": 701, "message": [segment("reply", message_seq=5), segment("mention", user_id=20001),
                                       segment("text", text=" "), segment("text", text="好")]}),
        (SendMessage, {"channel_id": None, "text": "私"},
         "send_private_message", {"user_id": 20001, "message": [segment("text", text="私")]}),
    ],
)  # fmt: skip
async def test_an_act_in_the_protocols_words(
    chat: Chat, server: Milky, act: type[Command], fields: Any, api: str, told: Any
) -> None:
    receipt = await chat.outcome(asked(chat, act, PLACE, fields))
    assert isinstance(receipt, CommandExecuted)
    assert receipt.downgraded_to is None
    assert server.calls == [(api, told)]


async def test_mutes_end_before_thirty_days_and_long_texts_are_cut(chat: Chat, server: Milky) -> None:
    until_then = datetime.now(UTC) + timedelta(days=60)
    muted = await chat.outcome(chat.command(MuteMember, **PLACE, until=until_then))
    assert muted.downgraded_to == "shorter_mute"
    assert 29 * 86_400 < server.calls[0][1]["duration"] < 30 * 86_400
    long = await chat.outcome(
        chat.command(SendMessage, channel_id="qq:701", member_id=None, text="🍵" * 5_000)
    )
    assert long.downgraded_to == "shorter_text"
    assert server.calls[1][1]["message"] == [segment("text", text="🍵" * 1_999 + "…")]


async def test_what_is_refused_gone_or_away(chat: Chat, server: Milky) -> None:
    delete = {"message_id": "qq:701:5"}
    server.failing["recall_group_message"] = (200, -403)
    refused = await chat.outcome(asked(chat, DeleteMessage, PLACE, delete))
    assert (refused.failure, refused.detail) == ("refused", "retcode -403")
    server.failing["recall_group_message"] = (200, -404)
    assert isinstance(await chat.outcome(asked(chat, DeleteMessage, PLACE, delete)), CommandExecuted)
    server.failing["recall_group_message"] = (404, 0)
    assert (await chat.outcome(asked(chat, DeleteMessage, PLACE, delete))).failure == "unsupported"
    strange = await chat.outcome(asked(chat, DeleteMessage, PLACE, {"message_id": "qq:701:x; drop"}))
    assert strange.failure == "refused"
    server.failing["send_group_message"] = (413, 0)
    large = await chat.outcome(asked(chat, SendMessage, PLACE, {}))
    assert (large.failure, large.detail) == ("refused", "HTTP 413")
    server.failing["send_group_message"] = (500, 0)
    assert (await chat.outcome(asked(chat, SendMessage, PLACE, {}))).failure == "failed"
    server.failing["recall_group_message"] = (503, 0)
    (command_id,) = await chat.ask(asked(chat, DeleteMessage, PLACE, delete))
    count = len(server.calls)
    await until(lambda: len(server.calls) > count + 1)
    del server.failing["recall_group_message"]
    assert isinstance((await chat.receipts(7))[command_id], CommandExecuted)


async def test_rights_are_the_bots_role_in_the_group(chat: Chat) -> None:
    async with milky(TOKEN, role="member") as server, running(chat, server):
        await announced(chat, "send")
        assert (await chat.outcome(asked(chat, DeleteMessage, PLACE, {}))).failure == "unsupported"
        assert server.calls == []
        server.role = "admin"
        await server.happens("group_admin_change", group_id=701, user_id=SELF, operator_id=1, is_set=True)
        await announced(chat, "delete")
        deleted = await chat.outcome(asked(chat, DeleteMessage, PLACE, {"message_id": "qq:701:1"}))
        assert isinstance(deleted, CommandExecuted)


async def test_titles_are_given_where_the_bot_owns_the_group(chat: Chat) -> None:
    async with milky(TOKEN, role="owner") as server, running(chat, server):
        await announced(chat, "title")
        grant = chat.command(GrantTitle, member_id="qq:20001", level=2, title="茶友茶友茶友茶友")
        assert isinstance(await chat.outcome(grant), CommandExecuted)
        words = {"user_id": 20001, "special_title": "茶友茶友茶友"}
        given = [("set_group_member_special_title", {"group_id": group, **words}) for group in GROUPS]
        assert server.calls == given


async def test_a_break_is_told_as_a_gap_and_commands_wait_for_its_end(chat: Chat) -> None:
    async with milky(TOKEN) as server, running(chat, server):
        await announced(chat, "delete")
        await server.says(701, "一")
        await happened(chat, 1)
        await server.hang_up()
        deleted = await chat.outcome(asked(chat, DeleteMessage, PLACE, {"message_id": "qq:701:1"}))
        assert isinstance(deleted, CommandExecuted)
        await until(lambda: server.connections == 2)
        await happened(chat, 2)
        await server.says(701, "二")
        one, gap, two = await happened(chat, 3)
    assert (one.text, gap.TYPE, two.text) == ("一", "connector.gap", "二")


async def test_hostile_frames_lose_nothing_and_reach_no_log(
    chat: Chat, server: Milky, caplog: pytest.LogCaptureFixture
) -> None:
    for broken in ({"segments": 7}, {"segments": [segment("no-such", text="secret words")]},
                   {"peer_id": "secret words"}, {"time": None}, {"group_member": 7}):  # fmt: skip
        await server.says(701, "secret words", **broken)
    await server.happens("no_such_event", note="secret words")
    await server.raw("[]")
    await server.says(701, "还在")
    assert [event.text for event in await happened(chat, 1)] == ["还在"]
    await server.raw('{"secret words')
    await until(lambda: server.connections == 2)
    await happened(chat, 2)
    await server.says(701, "又在")
    _, gap, again = await happened(chat, 3)
    assert (gap.TYPE, again.text) == ("connector.gap", "又在")
    assert "adapter" in caplog.text
    assert "secret words" not in caplog.text
    assert TOKEN not in caplog.text
