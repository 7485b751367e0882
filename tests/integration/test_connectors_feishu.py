"""Feishu: sealed and signed events become Hearth's once, acts are calls of its open API."""

import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from connectors.feishu.app import build
from connectors.feishu.settings import Settings
from deploy.local.kafka import KafkaServer
from shared.contracts.commands import (
    BanMember,
    Command,
    CommandExecuted,
    DeleteMessage,
    MuteMember,
    PinMessage,
    RemoveMember,
    SendMessage,
)
from tests.chat_platform import asked, served, settings_for
from tests.connector_world import Chat, announced, happened, new_name, until
from tests.feishu_stand_in import APP, GROUP, Feishu, feishu, now, reaction, said, sealed, signed, user

SECRET, KEY = "feishu-app-secret-of-the-tests", "feishu-encrypt-key-of-the-tests"
PLACE = {"channel_id": f"fs:{GROUP}", "member_id": "fs:ou_1"}
MESSAGE = {"message_id": "fs:om_5"}
API = "/open-apis/im/v1/"


@pytest.fixture
def chat(kafka_server: KafkaServer, tmp_path: Path) -> Chat:
    """A community of one group."""
    chat = Chat(kafka_server.bootstrap_servers, tmp_path, namespace="fs")
    chat.connector_id = new_name("feishu")
    return chat


@contextlib.asynccontextmanager
async def running(chat: Chat, there: Feishu) -> AsyncIterator[None]:
    """The connector."""
    keys = {"feishu_app_id": APP, "feishu_app_secret": SECRET, "feishu_encrypt_key": KEY}
    settings = settings_for(chat, Settings, [GROUP], **keys, feishu_api=there.url)
    async with served(build(settings)) as there.connector:
        yield


@pytest.fixture
async def there(chat: Chat) -> AsyncIterator[Feishu]:
    """The platform, with a connector whose rights are known."""
    async with feishu(SECRET, KEY) as there, running(chat, there):
        await announced(chat, "delete")
        yield there


async def test_what_is_said_becomes_events_in_order(chat: Chat, there: Feishu) -> None:
    named = [{"key": "@_user_1", "id": user("ou_2"), "name": "柳", "tenant_key": "t"}]
    first = await there.says("早 @_user_1 @_all", mentions=named)
    post = {"title": "茶会", "content": [
        [{"tag": "at", "user_id": "@_user_1", "user_name": "柳"}, {"tag": "text", "text": " 看"},
         {"tag": "a", "href": "https://x.example", "text": "这里"}],
        [{"tag": "img", "image_key": "img_1"}], [{"tag": "emotion", "emoji_type": "SMILE"}]]}  # fmt: skip
    await there.says("", "ou_2", message_type="post", content=json.dumps(post), mentions=named,
                     parent_id=first, root_id=first, thread_id="omt_1")  # fmt: skip
    await there.says("", message_type="image", content=json.dumps({"image_key": "img_2"}))
    await there.says("", message_type="file", content=json.dumps({"file_key": "f", "file_name": "谱.pdf"}))
    for number in range(100):
        await there.says(f"第{number}句", "ou_3")
    await there.says("别处", chat_id="oc_other")
    greeting, told, picture, sheet, *rest = await happened(chat, 104)
    assert (greeting.text, greeting.mentions) == ("早 @柳 @all", ("fs:ou_2",))
    assert (greeting.message_id, greeting.member_id) == (f"fs:{first}", "fs:ou_1")
    assert greeting.member_roles == ()
    assert told.text == "茶会\n@柳 看这里 https://x.example\n[SMILE]"
    assert (told.reply_to, told.reply_to_member, told.thread) == (f"fs:{first}", "fs:ou_1", "omt_1")
    assert (told.attachments[0].kind, told.member_roles) == ("image", ("operator", "admin"))
    assert (picture.text, picture.attachments[0].kind) == ("", "image")
    assert (sheet.attachments[0].kind, sheet.attachments[0].name) == ("file", "谱.pdf")
    assert [event.text for event in rest] == [f"第{number}句" for number in range(100)]


async def test_what_is_done_becomes_events_in_order(chat: Chat, there: Feishu) -> None:
    first, second = await there.says("早"), await there.says("早", "ou_2")
    liked = reaction(first)
    users = [{"name": "松", "user_id": user("ou_7")}, {"name": "安", "user_id": user("ou_1")}]
    crowd = {"chat_id": GROUP, "operator_id": user("ou_1"), "external": False, "users": users}
    gone = {"message_id": second, "chat_id": GROUP, "recall_time": str(now()), "recall_type": "message_owner"}
    for kind, event in (
        ("im.message.reaction.created_v1", liked),
        ("im.message.reaction.deleted_v1", liked),
        ("im.message.reaction.created_v1", {**liked, "operator_type": "app", "user_id": None}),
        ("im.message.recalled_v1", gone),
        ("im.chat.member.user.added_v1", crowd),
        ("im.chat.member.user.deleted_v1", crowd),
        ("im.message.message_read_v1", {"reader": user("ou_1")}),
    ):
        assert (await there.happens(kind, event)).status_code == 200
    added, removed, recalled, *members = (await happened(chat, 9))[2:]
    assert (added.reaction, added.author_id, added.member_id) == ("OK", "fs:ou_1", "fs:ou_2")
    assert (removed.TYPE, removed.message_id) == ("reaction.removed", f"fs:{first}")
    assert (recalled.member_id, recalled.deleted_by) == ("fs:ou_2", "fs:ou_2")
    assert [(each.TYPE, each.member_id) for each in members] == [
        ("member.joined", "fs:ou_7"), ("member.joined", "fs:ou_1"),
        ("member.left", "fs:ou_7"), ("member.left", "fs:ou_1"),
    ]  # fmt: skip
    assert (members[0].invited_by, members[1].invited_by) == ("fs:ou_1", None)
    assert (members[2].removed_by, members[3].removed_by) == ("fs:ou_1", None)


BROKEN = (b"", b"\xff", b"7", b'{"encrypt":7}', b'{"encrypt":"YQ=="}')


async def test_only_feishu_is_listened_to(chat: Chat, there: Feishu) -> None:
    event = {"schema": "2.0", "header": {"event_type": "im.message.receive_v1", "create_time": str(now())},
             "event": said("om_forged", "forged")}  # fmt: skip
    body, other = sealed(KEY, event), sealed("another-key-of-somebody", event)
    tampered = {**signed(KEY, body), "x-lark-request-nonce": "other"}
    for forged, headers in (
        (body, {}),
        (body, tampered),
        (body, signed("another-key-of-somebody", body)),
        (body, {**signed(KEY, body), "x-lark-signature": "é"}),
        (other, signed(KEY, other)),
        (json.dumps(event).encode(), signed(KEY, json.dumps(event).encode())),
        *((broken, signed(KEY, broken)) for broken in BROKEN),
        (sealed(KEY, 7), signed(KEY, sealed(KEY, 7))),
    ):  # fmt: skip
        assert (await there.brings(forged, {k: v.encode() for k, v in headers.items()})).status_code == 401  # type: ignore[misc]
    greeting = await there.brings(sealed(KEY, {"type": "url_verification", "challenge": "abc"}), {})
    assert greeting.json() == {"challenge": "abc"}
    await there.says("true")
    assert [each.text for each in await happened(chat, 1)] == ["true"]
    async with httpx.AsyncClient(trust_env=False) as client:
        assert (await client.get(f"{there.connector}/livez")).status_code == 200


def post(*parts: dict[str, str]) -> dict[str, str]:
    """A text of one paragraph as it is sent."""
    content = json.dumps({"zh_cn": {"content": [list(parts)]}}, ensure_ascii=False)
    return {"msg_type": "post", "content": content}


NAMED = ({"tag": "at", "user_id": "ou_1"}, {"tag": "text", "text": " "})
WORDS = {"tag": "text", "text": '<at user_id="all"></at> **好**'}
ROWS: list[tuple[type[Command], dict[str, Any], tuple[str, str, Any]]] = [
    (DeleteMessage, MESSAGE, ("DELETE", "messages/om_5", None)),
    (PinMessage, MESSAGE, ("POST", "pins", {"message_id": "om_5"})),
    (RemoveMember, {}, ("DELETE", f"chats/{GROUP}/members", {"id_list": ["ou_1"]})),
    (BanMember, {}, ("DELETE", f"chats/{GROUP}/members", {"id_list": ["ou_1"]})),
    (SendMessage, {"member_id": None, "text": WORDS["text"]},
     ("POST", "messages", {**post(WORDS), "receive_id": GROUP})),
    (SendMessage, {"reply_to": "fs:om_5", "text": WORDS["text"]},
     ("POST", "messages/om_5/reply", post(*NAMED, WORDS))),
    (SendMessage, {"channel_id": None, "text": "私"},
     ("POST", "messages", {**post({"tag": "text", "text": "私"}), "receive_id": "ou_1"})),
]  # fmt: skip


async def test_every_act_in_the_apis_words(chat: Chat, there: Feishu) -> None:
    for act, fields, call in ROWS:
        there.calls.clear()
        receipt = await chat.outcome(asked(chat, act, PLACE, fields))
        assert isinstance(receipt, CommandExecuted), (act, receipt)
        assert receipt.downgraded_to == ("remove" if act is BanMember else None)
        assert there.calls == [call]
    assert receipt.platform_message_id == "fs:om_sent1"
    assert (await chat.outcome(asked(chat, MuteMember, PLACE, {}))).failure == "unsupported"
    long = asked(chat, SendMessage, PLACE, {"member_id": None, "text": "茶\n" * 9_000})
    assert (await chat.outcome(long)).downgraded_to == "shorter_text"
    assert len(json.dumps(there.calls[-1][2], ensure_ascii=False).encode()) < 30_000
    strange = asked(chat, DeleteMessage, PLACE, {"message_id": "fs:om_5/../../chats"})
    assert (await chat.outcome(strange)).detail == "the id is none of Feishu's"


async def test_what_feishu_refuses_or_postpones(chat: Chat, there: Feishu) -> None:
    path = f"{API}messages/om_5"
    for gone in (230011, 230110):
        there.failing[path] = (400, {"code": gone, "msg": "secret words"})
        assert isinstance(await chat.outcome(asked(chat, DeleteMessage, PLACE, MESSAGE)), CommandExecuted)
    there.failing[f"{path}/reply"] = (400, {"code": 230011})
    vanished = await chat.outcome(asked(chat, SendMessage, PLACE, {"reply_to": "fs:om_5"}))
    assert (vanished.failure, vanished.detail) == ("refused", "HTTP 400 code 230011")
    there.failing[path] = (400, {"code": 230026, "msg": "secret words"})
    refused = await chat.outcome(asked(chat, DeleteMessage, PLACE, MESSAGE))
    assert (refused.failure, refused.detail) == ("refused", "HTTP 400 code 230026")
    there.failing[f"{API}chats/{GROUP}/members"] = (200, {"code": 0, "data": {"invalid_id_list": ["ou_1"]}})
    assert (await chat.outcome(asked(chat, RemoveMember, PLACE, {}))).failure == "refused"
    there.failing[f"{API}messages"] = (413, "<html>too large</html>")
    assert (await chat.outcome(asked(chat, SendMessage, PLACE, {}))).detail == "HTTP 413"
    for unclear in ((502, "<html>"), (200, "<html>"), (400, {"code": 230049}), (500, {"code": 2200})):
        there.failing[f"{API}messages"] = unclear
        count = len(there.calls)
        assert (await chat.outcome(asked(chat, SendMessage, PLACE, {}))).failure == "failed"
        assert len(there.calls) == count + 1, "a text that may be there is not sent again"
    done = len(await chat.receipts(0))
    for later in ((429, {"code": 99991400}), (400, {"code": 99991400}), (500, {"code": 2200})):
        there.failing[path] = later
        (command_id,) = await chat.ask(asked(chat, DeleteMessage, PLACE, MESSAGE))
        count = len(there.calls)
        await until(lambda count=count: len(there.calls) > count + 1)  # type: ignore[misc]
        del there.failing[path]
        done += 1
        assert isinstance((await chat.receipts(done))[command_id], CommandExecuted)


async def test_a_token_that_ends_is_renewed(chat: Chat, there: Feishu) -> None:
    given = len(there.tokens)
    there.end_tokens()
    assert isinstance(await chat.outcome(asked(chat, SendMessage, PLACE, {})), CommandExecuted)
    assert len(there.calls) == 1, "a text that was asked for with an old token was not sent"
    assert len(there.tokens) == given + 2


async def test_rights_are_the_bots_role_in_the_group(chat: Chat) -> None:
    async with feishu(SECRET, KEY) as there:
        there.group = {"owner_id": "ou_1", "user_manager_id_list": [], "pin_manage_setting": "only_manager"}
        async with running(chat, there):
            await announced(chat, "reply")
            for act in (DeleteMessage, PinMessage, RemoveMember):
                assert (await chat.outcome(asked(chat, act, PLACE, MESSAGE))).failure == "unsupported"
            there.group = {"owner_id": "ou_1", "bot_manager_id_list": [APP]}
            added = {"chat_id": GROUP, "operator_id": user("ou_1"), "name": "茶馆"}
            await there.happens("im.chat.member.bot.added_v1", added)
            await announced(chat, "delete")
            await there.says("早")
            assert [event.member_roles for event in await happened(chat, 1)] == [("operator", "owner")]


async def test_started_again_it_doubles_nothing_and_finds_where_a_reaction_is(chat: Chat) -> None:
    message = said("om_1", "早")
    told_at = now()
    async with feishu(SECRET, KEY) as there:
        async with running(chat, there):
            for _ in range(2):
                await there.happens("im.message.receive_v1", message, told_at)
        async with running(chat, there):
            await there.happens("im.message.receive_v1", message, told_at)
            liked = reaction("om_0")
            there.placed["om_0"] = (GROUP, "ou_3")
            there.failing[f"{API}messages/om_0"] = (503, {})
            assert (await there.happens("im.message.reaction.created_v1", liked)).status_code == 503
            del there.failing[f"{API}messages/om_0"]
            for found in ("om_0", "om_0", "om_nobodys"):
                again = {**liked, "message_id": found}
                assert (await there.happens("im.message.reaction.created_v1", again)).status_code == 200
            await there.says("晚")
            events = await happened(chat, 6)
    assert [event.TYPE for event in events] == ["message.posted"] * 3 + ["reaction.added"] * 2 + [
        "message.posted"
    ]
    assert (events[3].author_id, events[3].channel_id) == ("fs:ou_3", f"fs:{GROUP}")
    asked_for = [path for verb, path, _ in there.calls if verb == "GET"]
    assert asked_for.count("messages/om_0") == 2, "what is known is not asked for again"


async def test_hostile_documents_lose_nothing_and_reach_no_log(
    chat: Chat, there: Feishu, caplog: pytest.LogCaptureFixture
) -> None:
    for broken in (
        {"content": "secret words"}, {"content": "7"}, {"content": None}, {"create_time": "1e400"},
        {"create_time": "9" * 40}, {"message_id": "m" * 5_000}, {"mentions": 7}, {"message_type": "post"},
    ):  # fmt: skip
        await there.says("secret words", **broken)
    for event in (
        None,
        7,
        [],
        {"message": 7},
        {"message_id": "../chats"},
    ):
        for kind in ("im.message.receive_v1", "im.message.reaction.created_v1", "im.message.recalled_v1", 7):
            assert (await there.happens(kind, event)).status_code == 200  # type: ignore[arg-type]
    await there.says("还在")
    assert [event.text for event in await happened(chat, 1)][-1] == "还在"
    assert not any(path.startswith("chats") for _, path, _ in there.calls)
    assert "secret words" not in caplog.text
    assert SECRET not in caplog.text
