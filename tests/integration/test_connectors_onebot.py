"""QQ over OneBot v11: every group's messages in order, every act in the protocol's words."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import uvicorn
import yaml
from websockets.exceptions import InvalidStatus

from connectors.onebot.app import build
from connectors.onebot.message import read, segments_of
from connectors.onebot.settings import Settings
from deploy.local.kafka import KafkaServer
from deploy.local.ports import choose_port
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
from tests.connector_world import Chat, announced, happened, new_name, until
from tests.onebot_stand_in import OneBot

TOKEN = "onebot-token-of-the-tests"
GROUPS = (701, 702, 703)


@pytest.fixture
def chat(kafka_server: KafkaServer, tmp_path: Path) -> Chat:
    """A community of three groups."""
    chat = Chat(kafka_server.bootstrap_servers, tmp_path, namespace="qq")
    chat.connector_id = new_name("onebot")
    return chat


@contextlib.asynccontextmanager
async def listening(chat: Chat) -> AsyncIterator[str]:
    """The connector, and where it is connected to."""
    port, file = choose_port(None), chat.folder / "places.yaml"
    place = {"community": chat.community, "namespace": "qq", "channels": list(GROUPS)}
    file.write_text(yaml.safe_dump({"communities": [place]}))
    settings = Settings(
        kafka_bootstrap_servers=chat.servers,
        connector_id=chat.connector_id,
        connector_store=f"sqlite:{chat.folder}/onebot.db",  # type: ignore[arg-type]
        api_port=port,
        onebot_token=TOKEN,  # type: ignore[arg-type]
        places_file=file,
    )
    server = uvicorn.Server(uvicorn.Config(build(settings), port=port, log_config=None, ws="websockets"))
    task = asyncio.create_task(server.serve())
    await until(lambda: server.started or task.done())
    try:
        yield f"ws://127.0.0.1:{port}/onebot/v11/ws"
    finally:
        server.should_exit = True
        await task


@pytest.fixture
async def onebot(chat: Chat) -> AsyncIterator[OneBot]:
    """An implementation that is connected and whose rights are known."""
    async with listening(chat) as url, OneBot(url, TOKEN) as bot:
        await announced(chat, "delete")
        yield bot


async def test_three_thousand_messages_keep_their_order_in_each_group(chat: Chat, onebot: OneBot) -> None:
    for number in range(3_000):
        text = f"第{number}句"
        message = text if number % 2 else [{"type": "text", "data": {"text": text}}]
        await onebot.say(GROUPS[number % 3], message)
    events = await happened(chat, 3_000)
    for place, group in enumerate(GROUPS):
        texts = [event.text for event in events if event.channel_id == f"qq:{group}"]
        assert texts == [f"第{number}句" for number in range(place, 3_000, 3)]


async def test_what_happens_in_a_group_becomes_events(chat: Chat, onebot: OneBot) -> None:
    group = GROUPS[0]
    await onebot.say(
        group,
        "[CQ:reply,id=7][CQ:at,qq=20002] 加&#91;我&#93;&amp;他[CQ:image,file=a.jpg,url=http://x/a&#44;b]",
    )
    notice = {"post_type": "notice", "group_id": group}
    await onebot.tell(**notice, notice_type="group_recall", message_id=1, user_id=20001, operator_id=20009)
    await onebot.tell(
        **notice, notice_type="group_increase", sub_type="invite", user_id=20003, operator_id=20001
    )
    await onebot.tell(
        **notice, notice_type="group_decrease", sub_type="kick", user_id=20003, operator_id=20009
    )
    await onebot.tell(**notice, notice_type="group_decrease", sub_type="leave", user_id=20004, operator_id=0)
    request = {
        "request_type": "group",
        "sub_type": "add",
        "flag": "f1",
        "comment": "问题：喜欢什么茶\n答案：白茶",
    }
    await onebot.tell(post_type="request", group_id=group, user_id=20005, **request)
    await onebot.say(999, "a group of nobody")
    posted, recalled, joined, kicked, left, asked = await happened(chat, 6)
    assert (posted.text, posted.reply_to, posted.mentions) == ("@20002  加[我]&他", "qq:7", ("qq:20002",))
    assert (posted.attachments[0].kind, posted.attachments[0].url) == ("image", "http://x/a,b")
    assert (posted.member_id, posted.message_id, posted.member_name) == ("qq:20001", "qq:1", "安")
    assert (recalled.message_id, recalled.deleted_by) == ("qq:1", "qq:20009")
    assert (joined.member_id, joined.invited_by) == ("qq:20003", "qq:20001")
    assert (kicked.removed_by, left.removed_by) == ("qq:20009", None)
    assert (asked.request_id, asked.answers[0].question, asked.answers[0].answer) == (
        "qq:f1",
        "喜欢什么茶",
        "白茶",
    )


PLACE = {"channel_id": "qq:701", "member_id": "qq:20001"}
TARGET = {"group_id": 701, "user_id": 20001}


@pytest.mark.parametrize(
    ("act", "fields", "action", "params"),
    [
        (DeleteMessage, {**PLACE, "message_id": "qq:5"}, "delete_msg", {"message_id": 5}),
        (UnmuteMember, PLACE, "set_group_ban", {**TARGET, "duration": 0}),
        (RemoveMember, PLACE, "set_group_kick", {**TARGET, "reject_add_request": False}),
        (BanMember, PLACE, "set_group_kick", {**TARGET, "reject_add_request": True}),
        (
            AnswerJoinRequest,
            {"request_id": "qq:f1", "member_id": "qq:20005", "accept": False, "reason": "满"},
            "set_group_add_request",
            {"flag": "f1", "sub_type": "add", "approve": False, "reason": "满"},
        ),
        (
            SendMessage,
            {"channel_id": "qq:701", "member_id": None, "text": "[CQ:at,qq=all]"},
            "send_group_msg",
            {"group_id": 701, "message": [{"type": "text", "data": {"text": "[CQ:at,qq=all]"}}]},
        ),
        (
            SendMessage,
            {**PLACE, "reply_to": "qq:5", "text": "好"},
            "send_group_msg",
            {"group_id": 701, "message": segments_of("好", reply_to="5", mention="20001")},
        ),
        (
            SendMessage,
            {"channel_id": None, "member_id": "qq:20001", "text": "私"},
            "send_private_msg",
            {"user_id": 20001, "message": [{"type": "text", "data": {"text": "私"}}]},
        ),
    ],
)
async def test_an_act_in_the_protocols_words(
    chat: Chat, onebot: OneBot, act: type[Command], fields: Any, action: str, params: Any
) -> None:
    assert isinstance(await chat.outcome(chat.command(act, **fields)), CommandExecuted)
    assert onebot.calls == [(action, params)]


async def test_mutes_are_cut_to_thirty_days_and_what_is_refused_is_said(chat: Chat, onebot: OneBot) -> None:
    until_then = datetime.now(UTC) + timedelta(days=60)
    muted = await chat.outcome(chat.command(MuteMember, **PLACE, until=until_then))
    assert muted.downgraded_to == "shorter_mute"
    ((_, params),) = onebot.calls
    assert 29 * 86_400 < params["duration"] < 30 * 86_400
    unsupported = await chat.outcome(chat.command(PinMessage, channel_id="qq:701", message_id="qq:5"))
    assert unsupported.failure == "unsupported"
    onebot.answers["delete_msg"] = {"status": "failed", "retcode": 100, "wording": "no right"}
    refused = await chat.outcome(chat.command(DeleteMessage, **PLACE, message_id="qq:5"))
    assert (refused.failure, refused.detail) == ("refused", "retcode 100")
    foreign = await chat.outcome(chat.command(DeleteMessage, channel_id="qq:701", message_id="qq:x; drop"))
    assert foreign.failure == "refused"


async def test_a_text_that_is_too_long_is_cut(chat: Chat, onebot: OneBot) -> None:
    long = chat.command(SendMessage, channel_id="qq:701", member_id=None, text="茶" * 9_000)
    assert (await chat.outcome(long)).downgraded_to == "shorter_text"
    ((_, params),) = onebot.calls
    assert params["message"] == segments_of("茶" * 3_999 + "…", reply_to=None, mention=None)


async def test_titles_are_given_where_the_bot_owns_the_group(chat: Chat) -> None:
    async with listening(chat) as url, OneBot(url, TOKEN, role="owner") as bot:
        await announced(chat, "title")
        bot.answers["set_group_ban"] = {"status": "failed", "retcode": 100}
        grant = chat.command(GrantTitle, member_id="qq:20001", level=2, title="茶友茶友茶友茶友")
        assert isinstance(await chat.outcome(grant), CommandExecuted)
        words = {"user_id": 20001, "special_title": "茶友茶友茶友", "duration": -1}
        assert bot.calls == [("set_group_special_title", {"group_id": g, **words}) for g in GROUPS]
        nowhere = chat.command(UnmuteMember, channel_id=None, member_id="qq:20001")
        assert (await chat.outcome(nowhere)).failure == "refused"


async def test_a_bot_that_is_no_administrator_says_so(chat: Chat) -> None:
    async with listening(chat) as url, OneBot(url, TOKEN, role="member") as bot:
        await announced(chat, "send")
        receipt = await chat.outcome(chat.command(DeleteMessage, **PLACE, message_id="qq:5"))
        assert receipt.failure == "unsupported"
        assert bot.calls == []


async def test_a_break_is_told_as_a_gap_and_commands_wait_for_its_end(chat: Chat) -> None:
    async with listening(chat) as url:
        async with OneBot(url, TOKEN) as bot:
            await announced(chat, "delete")
            await bot.say(701, "一")
            await happened(chat, 1)
        (command_id,) = await chat.ask(chat.command(DeleteMessage, **PLACE, message_id="qq:1"))
        await asyncio.sleep(1)
        async with OneBot(url, TOKEN) as bot:
            assert isinstance((await chat.receipts(1))[command_id], CommandExecuted)
            await bot.say(701, "二")
            one, gap, two = await happened(chat, 3)
    assert (one.text, gap.TYPE, two.text) == ("一", "connector.gap", "二")
    assert gap.gap_from < gap.gap_to


async def test_nobody_connects_without_the_token_and_hostile_frames_stop_nothing(
    chat: Chat, onebot: OneBot
) -> None:
    for token in ("", "wrong", TOKEN[:-1]):
        with pytest.raises(InvalidStatus):
            await OneBot(onebot.url, token).__aenter__()
    for frame in ("{", "[1]", "7", '{"post_type": 7}', '{"echo": "1", "status": "ok"}', "[" * 9_999):
        await onebot.raw(frame)
    for broken in ({"message": 7}, {"time": 1e300}, {"user_id": None, "message": [{"data": {}}]}):
        await onebot.tell(**{"post_type": "message", "message_type": "group", "group_id": 701, **broken})
    await onebot.say(701, "还在")
    assert [event.text for event in await happened(chat, 1)] == ["还在"]


def test_codes_that_are_none_stay_text() -> None:
    assert read("[CQ:at] [CQ:,x] [CQ:at,qq=1").text == " [CQ:,x] [CQ:at,qq=1"
