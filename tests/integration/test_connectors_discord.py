"""Discord: what its gateway tells becomes events, acts are calls of its API, rights are permissions."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from nonebot.adapters.discord.api import Overwrite

from connectors.discord.app import build
from connectors.discord.rights import NOBODY, ability_of, overwritten
from connectors.discord.settings import Settings
from deploy.local.kafka import KafkaServer
from deploy.local.ports import choose_port
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
    UnbanMember,
    UnmuteMember,
)
from tests.chat_platform import asked, guest_served, settings_for
from tests.connector_world import Chat, announced, happened, new_name, until
from tests.discord_stand_in import (
    CHANNEL,
    GUILD,
    IDENTIFY,
    RESUME,
    SELF,
    Discord,
    discord,
    member,
    person,
    role,
)

TOKEN = "discord-token-of-the-tests"
PLACE = {"channel_id": f"dc:{CHANNEL}", "member_id": "dc:20001"}
MESSAGE = {"message_id": f"dc:{CHANNEL}:5"}
MESSAGES = f"channels/{CHANNEL}/messages"
MEMBER = f"guilds/{GUILD}/members/20001"


@pytest.fixture
def chat(kafka_server: KafkaServer, tmp_path: Path) -> Chat:
    """A community of one channel."""
    return Chat(
        kafka_server.bootstrap_servers, tmp_path, new_name("tea"), new_name("discord"), namespace="dc"
    )


@contextlib.asynccontextmanager
async def running(chat: Chat, url: str) -> AsyncIterator[None]:
    """The connector."""
    fields = {"discord_token": TOKEN, "discord_api": f"{url}/api/v10"}
    async with guest_served(build, settings_for(chat, Settings, [CHANNEL], **fields)):
        yield


@pytest.fixture
async def server(chat: Chat) -> AsyncIterator[Discord]:
    """The platform, with a connector whose rights are known."""
    async with discord(TOKEN) as server, running(chat, server.url):
        await announced(chat, "delete")
        yield server


async def test_messages_keep_their_order(chat: Chat, server: Discord) -> None:
    for number in range(500):
        await server.says(f"第{number}句")
    assert [event.text for event in await happened(chat, 500)] == [f"第{number}句" for number in range(500)]


async def test_what_happens_in_a_channel_becomes_events(chat: Chat, server: Discord) -> None:
    place = {"channel_id": str(CHANNEL), "guild_id": str(GUILD)}
    picture = {"id": "1", "filename": "a.png", "content_type": "image/png", "size": 1, "url": "http://x/a",
               "proxy_url": "http://x/a"}  # fmt: skip
    first = await server.says(
        "早 <@20002> <:tea:5>", mentions=[person(20002, global_name="柳")], attachments=[picture]
    )
    reference = {"message_id": str(first), **place}
    await server.says("好", 20002, type=19, message_reference=reference)
    await server.says("", type=7)
    await server.says("elsewhere", channel_id="702")
    edit = {"id": str(first), **place, "author": person(20001), "content": "早上好"}
    await server.happens("MESSAGE_UPDATE", **edit, edited_timestamp=datetime.now(UTC).isoformat())
    await server.happens("MESSAGE_UPDATE", **edit, edited_timestamp=None, embeds=[])
    reaction = {"user_id": "20002", "message_id": str(first), **place, "emoji": {"id": None, "name": "👍"}}
    await server.happens("MESSAGE_REACTION_ADD", **reaction, burst=False, type=0)
    await server.happens("MESSAGE_REACTION_REMOVE", **reaction, burst=False, type=0)
    await server.happens("MESSAGE_DELETE", id=str(first), **place)
    await server.happens("MESSAGE_DELETE_BULK", ids=["88", "89"], **place)
    await server.happens("GUILD_MEMBER_ADD", guild_id=str(GUILD), **member(20003, []))
    await server.happens("GUILD_MEMBER_REMOVE", guild_id=str(GUILD), user=person(20003))
    await server.says("我", SELF, author=person(SELF, bot=True))

    said, reply, edited, added, removed, deleted, one, two, joined, left, own = await happened(chat, 11)
    assert (said.text, said.member_id, said.message_id) == (
        "早 @柳 :tea:",
        "dc:20001",
        f"dc:{CHANNEL}:{first}",
    )
    assert (said.member_name, said.mentions, said.attachments[0].kind) == ("安", ("dc:20002",), "image")
    assert (reply.reply_to, reply.reply_to_member) == (said.message_id, "dc:20001")
    assert (edited.message_id, edited.text) == (said.message_id, "早上好")
    assert (added.reaction, added.author_id, removed.TYPE) == ("👍", "dc:20001", "reaction.removed")
    assert (deleted.message_id, deleted.member_id) == (said.message_id, "dc:20001")
    assert (one.message_id, two.message_id) == (f"dc:{CHANNEL}:88", f"dc:{CHANNEL}:89")
    assert (joined.member_id, joined.member_name, left.member_id) == ("dc:20003", "安", "dc:20003")
    assert own.is_bot


QUIET = {"parse": [], "roles": [], "users": [], "replied_user": False}
ROWS: list[tuple[type[Command], dict[str, Any], list[Any]]] = [
    (DeleteMessage, {**MESSAGE, "reason": "广告"},
     [("DELETE", f"{MESSAGES}/5", None, "%E5%B9%BF%E5%91%8A")]),
    (PinMessage, MESSAGE, [("PUT", f"{MESSAGES}/pins/5", None, None)]),
    (UnmuteMember, {}, [("PATCH", MEMBER, {"communication_disabled_until": None}, None)]),
    (RemoveMember, {}, [("DELETE", MEMBER, None, None)]),
    (BanMember, {}, [("PUT", f"guilds/{GUILD}/bans/20001", {}, None)]),
    (UnbanMember, {}, [("DELETE", f"guilds/{GUILD}/bans/20001", None, None)]),
    (SendMessage, {"member_id": None, "text": "@everyone 好"},
     [("POST", MESSAGES, {"content": "@everyone 好", "allowed_mentions": QUIET}, None)]),
    (SendMessage, {"reply_to": f"dc:{CHANNEL}:5", "text": "好"},
     [("POST", MESSAGES,
       {"content": "<@20001> 好", "allowed_mentions": {**QUIET, "users": ["20001"]},
        "message_reference": {"message_id": "5", "fail_if_not_exists": False}}, None)]),
    (SendMessage, {"channel_id": None, "text": "私"},
     [("POST", "users/@me/channels", {"recipient_id": "20001"}, None),
      ("POST", "channels/800/messages", {"content": "私", "allowed_mentions": QUIET}, None)]),
]  # fmt: skip


async def test_every_act_in_the_apis_words(chat: Chat, server: Discord) -> None:
    for act, fields, calls in ROWS:
        server.calls.clear()
        receipt = await chat.outcome(asked(chat, act, PLACE, fields))
        assert isinstance(receipt, CommandExecuted), (act, receipt)
        assert receipt.downgraded_to is None
        assert _plain(server.calls) == calls
    assert (await chat.outcome(asked(chat, AnswerJoinRequest, PLACE, {}))).failure == "unsupported"


def _plain(calls: list[Any]) -> list[Any]:
    """Ids are numbers or text, as the adapter has it."""

    def told(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: told(each) for name, each in value.items()}
        if isinstance(value, list):
            return [told(each) for each in value]
        return str(value) if isinstance(value, int) and not isinstance(value, bool) else value

    return [(verb, path, told(body), reason) for verb, path, body, reason in calls]


async def test_mutes_end_before_28_days_and_long_texts_are_cut(chat: Chat, server: Discord) -> None:
    until_then = datetime.now(UTC) + timedelta(days=60)
    muted = await chat.outcome(chat.command(MuteMember, **PLACE, until=until_then))
    assert muted.downgraded_to == "shorter_mute"
    ends = datetime.fromisoformat(server.calls[0][2]["communication_disabled_until"])
    assert timedelta(days=27) < ends - datetime.now(UTC) < timedelta(days=28)
    long = chat.command(SendMessage, channel_id=PLACE["channel_id"], member_id=None, text="🍵" * 3_000)
    assert (await chat.outcome(long)).downgraded_to == "shorter_text"
    assert server.calls[1][2]["content"] == "🍵" * 979 + "…"


async def test_what_discord_refuses_lacks_or_postpones(chat: Chat, server: Discord) -> None:
    path = f"{MESSAGES}/5"
    for answer, told in (
        ((403, {"code": 50013, "message": "secret words"}), ("refused", "HTTP 403")),
        ((413, "<html>Request Entity Too Large</html>"), ("refused", "HTTP 413")),
    ):
        server.failing[path] = answer
        receipt = await chat.outcome(asked(chat, DeleteMessage, PLACE, MESSAGE))
        assert (receipt.failure, receipt.detail) == told
    server.failing[path] = (404, {"code": 10008})
    assert isinstance(await chat.outcome(asked(chat, DeleteMessage, PLACE, MESSAGE)), CommandExecuted)
    server.failing[MESSAGES] = (502, "<html>Bad Gateway</html>")
    assert (await chat.outcome(asked(chat, SendMessage, PLACE, {}))).failure == "failed"
    server.failing[path] = (429, {"retry_after": 1})
    (command_id,) = await chat.ask(asked(chat, DeleteMessage, PLACE, MESSAGE))
    count = len(server.calls)
    await until(lambda: len(server.calls) > count)
    del server.failing[path]
    assert isinstance((await chat.receipts(5))[command_id], CommandExecuted)


async def test_a_session_that_is_resumed_brings_what_was_missed(chat: Chat, server: Discord) -> None:
    await server.says("一")
    await happened(chat, 1)
    await server.hang_up()
    await server.says("二")
    await until(lambda: server.begun == [IDENTIFY, RESUME])
    await server.says("三")
    assert [event.text for event in await happened(chat, 3)] == ["一", "二", "三"]
    deleted = await chat.outcome(asked(chat, DeleteMessage, PLACE, MESSAGE))
    assert isinstance(deleted, CommandExecuted)


async def test_a_session_that_is_forgotten_leaves_a_gap(chat: Chat, server: Discord) -> None:
    await server.says("一")
    await happened(chat, 1)
    server.forgets = True
    left_at = datetime.now(UTC)
    await server.hang_up()
    await server.says("二")
    await until(lambda: server.begun == [IDENTIFY, RESUME, IDENTIFY])
    await happened(chat, 2)
    await server.says("三")
    one, gap, three = await happened(chat, 3)
    assert (one.text, gap.TYPE, three.text) == ("一", "connector.gap", "三")
    assert gap.gap_from < left_at + timedelta(seconds=4) < gap.gap_to, "not from the refused resumption on"


async def test_rights_are_the_permissions_of_now_and_discord_may_come_later(chat: Chat) -> None:
    port = choose_port(None)
    async with running(chat, f"http://127.0.0.1:{port}"):
        await asyncio.sleep(1)
        async with discord(TOKEN, port=port, permissions=EVERYTHING_BUT_BAN, denied=DELETE) as server:
            await announced(chat, "mute")
            banned = await chat.outcome(asked(chat, BanMember, PLACE, {}))
            assert banned.downgraded_to == "remove"
            assert (await chat.outcome(asked(chat, DeleteMessage, PLACE, MESSAGE))).failure == "unsupported"
            server.denied = "0"
            await server.happens("GUILD_ROLE_UPDATE", guild_id=str(GUILD), role=role(600, "0"))
            await announced(chat, "delete")


EVERYTHING_BUT_BAN = str((1 << 52) - 1 - (1 << 2) - (1 << 3))
DELETE = str(1 << 13)


def test_overwrites_of_members_stand_above_those_of_roles() -> None:
    def overwrite(number: int, allow: int, deny: int) -> Overwrite:
        return Overwrite.model_validate({"id": number, "type": 0, "allow": str(allow), "deny": str(deny)})

    everybody, by_role, own = overwrite(GUILD, 0, 6), overwrite(600, 2, 0), overwrite(SELF, 4, 2)
    assert overwritten(7, GUILD, SELF, [600], [own, by_role, everybody]) == 5
    assert overwritten(1 << 3, GUILD, SELF, [600], [overwrite(GUILD, 0, 8)]) == 1 << 3
    assert ability_of(1 << 13) == NOBODY, "who does not see a channel can nothing there"


async def test_hostile_frames_lose_nothing_and_reach_no_log(
    chat: Chat, server: Discord, caplog: pytest.LogCaptureFixture
) -> None:
    for broken in ({"author": 7}, {"id": "secret words"}, {"timestamp": None}, {"content": None}):
        await server.says("secret words", **broken)
    await server.happens("NO_SUCH_EVENT", note="secret words")
    await server.says("还在")
    assert [event.text for event in await happened(chat, 1)] == ["还在"]
    assert "adapter" in caplog.text
    assert "secret words" not in caplog.text
    assert TOKEN not in caplog.text
