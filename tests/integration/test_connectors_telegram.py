"""Telegram over its Bot API: updates become events once, every act in the API's words, its limits kept."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import uvicorn
import yaml

from connectors.telegram.app import build
from connectors.telegram.settings import Settings
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
from tests.connector_world import Chat, announced, happened, new_name, until
from tests.telegram_stand_in import Telegram, chat_of, person, telegram

TOKEN = "123456:telegram-token-of-the-tests"
HALL, GARDEN = -1001, -1002
PLACE = {"channel_id": f"tg:{HALL}", "member_id": "tg:20001"}
TARGET = {"chat_id": HALL, "user_id": 20_001}


@pytest.fixture
def chat(kafka_server: KafkaServer, tmp_path: Path) -> Chat:
    """A community of two chats."""
    chat = Chat(kafka_server.bootstrap_servers, tmp_path, namespace="tg")
    chat.connector_id = new_name("telegram")
    return chat


@contextlib.asynccontextmanager
async def running(chat: Chat, api: Telegram) -> AsyncIterator[None]:
    """The connector."""
    port, file = choose_port(None), chat.folder / "places.yaml"
    place = {"community": chat.community, "namespace": "tg", "channels": [HALL, GARDEN]}
    file.write_text(yaml.safe_dump({"communities": [place]}))
    settings = Settings(
        kafka_bootstrap_servers=chat.servers,
        connector_id=chat.connector_id,
        connector_store=f"sqlite:{chat.folder}/telegram.db",  # type: ignore[arg-type]
        api_port=port,
        telegram_token=TOKEN,  # type: ignore[arg-type]
        telegram_api=api.url,
        places_file=file,
    )
    server = uvicorn.Server(uvicorn.Config(build(settings), port=port, log_config=None))
    task = asyncio.create_task(server.serve())
    await until(lambda: server.started or task.done())
    try:
        yield
    finally:
        server.should_exit = True
        await task


@pytest.fixture
async def api(chat: Chat) -> AsyncIterator[Telegram]:
    """The platform, with a connector whose rights are known."""
    async with telegram(TOKEN) as api, running(chat, api):
        await announced(chat, "delete")
        yield api


async def test_what_happens_in_a_chat_becomes_events(chat: Chat, api: Telegram) -> None:
    first = api.says(HALL, "大家好 👋")
    api.says(
        HALL, "你好", 20_002, reply_to_message={"message_id": first, "from": person(20_001)},
        entities=[{"type": "text_mention", "user": person(20_001)}], photo=[{"file_id": "p"}],
    )  # fmt: skip
    api.happens(
        "edited_message", message_id=first, chat=chat_of(HALL), text="大家好呀",
        edit_date=int(datetime.now(UTC).timestamp()), **{"from": person(20_001)},
    )  # fmt: skip
    thumb = [{"type": "emoji", "emoji": "👍"}]
    reaction = {"message_id": first, "chat": chat_of(HALL), "user": person(20_002)}
    api.happens("message_reaction", **reaction, old_reaction=[], new_reaction=thumb)
    api.happens("message_reaction", **reaction, old_reaction=thumb, new_reaction=[])
    for actor, was, now in ((20_009, "left", "member"), (20_009, "member", "kicked")):
        change = {"old_chat_member": member(20_003, was), "new_chat_member": member(20_003, now)}
        api.happens("chat_member", chat=chat_of(HALL), **change, **{"from": person(actor)})
    api.happens("chat_join_request", chat=chat_of(HALL), bio="喜欢茶", **{"from": person(20_004)})
    api.says(-999, "a chat of nobody")

    said, answer, edited, added, removed, joined, left, asked = await happened(chat, 8)
    assert (said.text, said.member_id, said.message_id) == ("大家好 👋", "tg:20001", f"tg:{HALL}:{first}")
    assert (answer.reply_to, answer.reply_to_member) == (said.message_id, "tg:20001")
    assert (answer.mentions, answer.attachments[0].kind) == (("tg:20001",), "image")
    assert (edited.message_id, edited.text) == (said.message_id, "大家好呀")
    assert (added.reaction, added.author_id, removed.TYPE) == ("👍", "tg:20001", "reaction.removed")
    assert (joined.member_id, joined.invited_by) == ("tg:20003", "tg:20009")
    assert (left.member_id, left.removed_by) == ("tg:20003", "tg:20009")
    assert (asked.member_id, asked.answers[0].answer) == ("tg:20004", "喜欢茶")


def member(user: int, status: str) -> dict[str, Any]:
    """A `ChatMember`."""
    return {"user": person(user), "status": status}


@pytest.mark.parametrize(
    ("act", "fields", "calls"),
    [
        (
            DeleteMessage,
            {"message_id": f"tg:{HALL}:5"},
            [("deleteMessage", {"chat_id": HALL, "message_id": 5})],
        ),
        (
            PinMessage,
            {"message_id": f"tg:{HALL}:5"},
            [("pinChatMessage", {"chat_id": HALL, "message_id": 5, "disable_notification": True})],
        ),
        (
            UnmuteMember,
            {},
            [("restrictChatMember", {**TARGET, "permissions": {"can_send_polls": True}})],
        ),
        (
            RemoveMember,
            {},
            [("banChatMember", TARGET), ("unbanChatMember", {**TARGET, "only_if_banned": True})],
        ),
        (BanMember, {}, [("banChatMember", TARGET)]),
        (UnbanMember, {}, [("unbanChatMember", {**TARGET, "only_if_banned": True})]),
        (
            AnswerJoinRequest,
            {"request_id": f"tg:{HALL} 20001 1", "accept": False},
            [("declineChatJoinRequest", TARGET)],
        ),
        (
            SendMessage,
            {"member_id": None, "text": "请看群规"},
            [("sendMessage", {"chat_id": HALL, "text": "请看群规"})],
        ),
        (
            SendMessage,
            {"reply_to": f"tg:{HALL}:5", "text": "好"},
            [("sendMessage", {
                "chat_id": HALL, "text": "好",
                "reply_parameters": {"message_id": 5, "allow_sending_without_reply": True},
            })],
        ),
        (
            SendMessage,
            {"channel_id": None, "text": "私下说"},
            [("sendMessage", {"chat_id": 20_001, "text": "私下说"})],
        ),
    ],
)  # fmt: skip
async def test_an_act_in_the_apis_words(
    chat: Chat, api: Telegram, act: type[Command], fields: Any, calls: Any
) -> None:
    given = {name: value for name, value in {**PLACE, **fields}.items() if name in act.model_fields}
    assert isinstance(await chat.outcome(chat.command(act, **given)), CommandExecuted)
    assert api.calls == calls


async def test_mutes_end_by_themselves_and_stay_inside_what_telegram_takes(chat: Chat, api: Telegram) -> None:
    now = datetime.now(UTC)
    for until_then, told in (
        (now + timedelta(hours=1), None),
        (now + timedelta(seconds=5), None),
        (now + timedelta(days=900), "shorter_mute"),
    ):
        receipt = await chat.outcome(chat.command(MuteMember, **PLACE, until=until_then))
        assert receipt.downgraded_to == told
    lengths = [params["until_date"] - now.timestamp() for _, params in api.calls]
    assert 3_590 < lengths[0] < 3_610
    assert 30 < lengths[1] < 60, "shorter than thirty seconds would be for ever"
    assert 365 * 86_400 < lengths[2] < 366 * 86_400
    assert not any(api.calls[0][1]["permissions"].values())


async def test_a_connector_that_was_killed_hears_again_what_was_not_confirmed(chat: Chat) -> None:
    async with telegram(TOKEN) as api:
        for _ in range(3):
            async with running(chat, api):
                await announced(chat, "delete")
                for number in range(100):
                    api.says(HALL, f"第{number}句")
        async with running(chat, api):
            events = await happened(chat, 300)
    assert [event.text for event in events] == [f"第{number}句" for _ in range(3) for number in range(100)]
    assert len({event.message_id for event in events}) == 300


async def test_a_text_a_second_in_one_chat_and_what_telegram_asks_to_wait(chat: Chat, api: Telegram) -> None:
    texts = [chat.command(SendMessage, channel_id=f"tg:{HALL}", text=f"第{n}条") for n in range(3)]
    api.failing["sendMessage"] = (429, {"ok": False, "parameters": {"retry_after": 2}})
    asked_at = asyncio.get_running_loop().time()
    await chat.ask(*texts)
    await until(lambda: bool(api.calls))
    del api.failing["sendMessage"]
    receipts = await chat.receipts(3)
    assert all(isinstance(receipt, CommandExecuted) for receipt in receipts.values())
    assert [params["text"] for _, params in api.calls] == ["第0条", "第0条", "第1条", "第2条"]
    assert api.called_at[1] - asked_at > 2
    gaps = [later - earlier for earlier, later in zip(api.called_at[1:], api.called_at[2:], strict=False)]
    assert min(gaps) > 0.9


async def test_what_telegram_refuses_is_said_and_what_is_gone_is_done(chat: Chat, api: Telegram) -> None:
    api.failing["deleteMessage"] = (
        400,
        {"ok": False, "description": "Bad Request: message to delete not found"},
    )
    gone = chat.command(DeleteMessage, **PLACE, message_id=f"tg:{HALL}:5")
    assert isinstance(await chat.outcome(gone), CommandExecuted)
    too_old = (400, {"ok": False, "description": "Bad Request: message can't be deleted"})
    api.failing["deleteMessage"] = too_old
    refused = await chat.outcome(chat.command(DeleteMessage, **PLACE, message_id=f"tg:{HALL}:6"))
    assert (refused.failure, refused.detail) == ("refused", "HTTP 400")
    api.failing["sendMessage"] = (403, {"ok": False, "description": "Forbidden: bot was blocked by the user"})
    private = await chat.outcome(chat.command(SendMessage, channel_id=None, member_id="tg:20001"))
    assert private.failure == "refused"
    strange = await chat.outcome(chat.command(DeleteMessage, channel_id=f"tg:{HALL}", message_id="tg:1;drop"))
    assert strange.failure == "refused"


async def test_rights_are_what_the_bot_has_now(chat: Chat) -> None:
    async with telegram(TOKEN) as api:
        api.membership = {"status": "member"}
        async with running(chat, api):
            await announced(chat, "send")
            receipt = await chat.outcome(chat.command(BanMember, **PLACE))
            assert (receipt.failure, api.calls) == ("unsupported", [])
            api.membership = {"status": "administrator", "can_restrict_members": True}
            api.happens("my_chat_member", chat=chat_of(HALL), **{"from": person(1)})
            await announced(chat, "ban")
            assert isinstance(await chat.outcome(chat.command(BanMember, **PLACE)), CommandExecuted)
            assert api.calls == [("banChatMember", TARGET)]


async def test_hostile_updates_and_an_hour_of_errors_lose_nothing(chat: Chat, api: Telegram) -> None:
    for broken in ({"chat": 7}, {"chat": chat_of(HALL), "message_id": None}, {"date": 1e300}):
        api.happens("message", **broken)
    api.happens("message_reaction", chat=chat_of(HALL), message_id=1, old_reaction=7)
    api.failing["getUpdates"] = (502, {})
    api.says(HALL, "还在")
    polls = api.polls
    await until(lambda: api.polls > polls + 1)
    del api.failing["getUpdates"]
    assert [event.text for event in await happened(chat, 1)] == ["还在"]


async def test_what_is_too_long_or_too_large_has_an_end(chat: Chat, api: Telegram) -> None:
    long = chat.command(SendMessage, channel_id=f"tg:{HALL}", member_id=None, text="🍵" * 3_000)
    assert (await chat.outcome(long)).downgraded_to == "shorter_text"
    assert api.calls[0][1]["text"] == "🍵" * 2_047 + "…", "Telegram counts UTF-16 code units, up to 4096"
    for answer in ({}, {"ok": False, "description": "Request Entity Too Large"}):
        api.failing["sendMessage"] = (413, answer)
        large = await chat.outcome(chat.command(SendMessage, channel_id=f"tg:{HALL}", member_id=None))
        assert (large.failure, large.detail) == ("refused", "HTTP 413")
