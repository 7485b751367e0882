"""QQ's open platform: group messages become events, texts wait for one that they can answer."""

import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from connectors.qq.app import build
from connectors.qq.settings import Settings
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
    UnbanMember,
    UnmuteMember,
)
from tests.chat_platform import asked, guest_served, settings_for
from tests.connector_world import Chat, announced, happened, new_name, until
from tests.qq_stand_in import APP, GROUP, IDENTIFY, QQ, RESUME, author, now, qq

SECRET = "qq-secret-of-the-tests"
PLACE = {"channel_id": f"qq:{GROUP}", "member_id": "qq:M20001"}
MESSAGE = {"message_id": f"qq:{GROUP}:m5"}
GROUP_PATH = f"v2/groups/{GROUP}"
MESSAGES = f"{GROUP_PATH}/messages"


@pytest.fixture
def chat(kafka_server: KafkaServer, tmp_path: Path) -> Chat:
    """A community of one group."""
    chat = Chat(kafka_server.bootstrap_servers, tmp_path, namespace="qq")
    chat.connector_id = new_name("qq")
    return chat


@contextlib.asynccontextmanager
async def running(chat: Chat, server: QQ) -> AsyncIterator[str]:
    """The connector; its address."""
    fields = {"qq_app_id": APP, "qq_secret": SECRET, "qq_api": server.url}
    async with guest_served(build, settings_for(chat, Settings, [GROUP], **fields)) as url:
        yield url


@pytest.fixture
async def server(chat: Chat) -> AsyncIterator[QQ]:
    """The platform, with a connector whose rights are known."""
    async with qq(SECRET) as server, running(chat, server):
        await announced(chat, "delete")
        yield server


async def test_what_happens_in_a_group_becomes_events_in_order(chat: Chat, server: QQ) -> None:
    named = {
        "scope": "single",
        "bot": False,
        "id": "M2",
        "is_you": False,
        "member_openid": "M2",
        "username": "柳",
    }
    picture = {"content_type": "image/png", "filename": "a.png", "url": "x.example/a"}
    first = await server.says(
        "早 <@M2>", mentions=[named], attachments=[picture], author=author("M20001", member_role="admin")
    )
    for number in range(300):
        await server.says(f"第{number}句", "M20002")
    member = {"timestamp": now(), "group_openid": GROUP, "member_openid": "M20003"}
    answers = {"method": "qa", "review_qa_list": [{"question": "喜欢什么茶", "answer": "白茶"}]}
    request = {**member, "join_request_id": "r1", "username": "柳", "apply_at": now(),
               "apply_source": "self_apply", "verify_info": answers}  # fmt: skip
    await server.happens("GROUP_JOIN_REQUEST", **request)
    await server.happens("GROUP_JOIN_REQUEST", **request, auto_approved={"strategy_id": "1"})
    await server.happens("GROUP_MEMBER_ADD", **member)
    await server.happens("GROUP_MEMBER_REMOVE", **member)
    await server.says("elsewhere", group_openid="G9")

    said, *rest = await happened(chat, 304)
    assert (said.text, said.member_id, said.message_id) == ("早 @柳", "qq:M20001", f"qq:{GROUP}:{first}")
    assert (said.member_name, said.member_roles, said.mentions) == ("安", ("operator", "admin"), ("qq:M2",))
    assert (said.attachments[0].kind, said.attachments[0].url) == ("image", "https://x.example/a")
    assert [event.text for event in rest[:300]] == [f"第{number}句" for number in range(300)]
    asks, joined, left = rest[300:]
    assert (asks.request_id, asks.answers[0].question, asks.answers[0].answer) == (
        f"qq:{GROUP}:r1",
        "喜欢什么茶",
        "白茶",
    )
    assert (joined.TYPE, joined.member_id, left.TYPE) == ("member.joined", "qq:M20003", "member.left")


async def test_a_text_that_nobody_asked_for_waits_for_a_message_and_answers_it(
    chat: Chat, server: QQ
) -> None:
    late = chat.command(SendMessage, seconds=3, channel_id=PLACE["channel_id"], member_id=None, text="太晚")
    expired = await chat.outcome(late)
    assert (expired.failure, expired.detail) == (
        "expired",
        "nobody has written whom a text could answer",
    )
    place = {"channel_id": PLACE["channel_id"], "member_id": None}
    texts = [chat.command(SendMessage, **place, text=f"第{number}条") for number in range(2)]
    asked_for = await chat.ask(*texts)
    deleted = chat.command(DeleteMessage, **PLACE, **MESSAGE)
    assert isinstance(await chat.outcome(deleted), CommandExecuted), "only texts wait"
    assert MESSAGES not in [path for _, path, _ in server.calls]
    message = await server.says("有人吗")
    receipts = await chat.receipts(4)
    assert all(isinstance(receipts[command_id], CommandExecuted) for command_id in asked_for)
    told = [body for _, path, body in server.calls if path == MESSAGES]
    assert [(body["content"], body["msg_id"], body["msg_seq"]) for body in told] == [
        ("第0条", message, 1),
        ("第1条", message, 2),
    ]


async def test_an_answer_goes_to_its_message_and_names_whom_it_is_for(chat: Chat, server: QQ) -> None:
    first = await server.says("签到")
    await server.says("早")
    await happened(chat, 2)
    answer = chat.command(SendMessage, **PLACE, reply_to=f"qq:{GROUP}:{first}", text="第 3 天 <@all>")
    receipt = await chat.outcome(answer)
    assert isinstance(receipt, CommandExecuted)
    assert receipt.platform_message_id == f"qq:{GROUP}:sent1"
    ((_, _, body),) = server.calls
    assert (body["msg_id"], body["msg_type"]) == (first, 0)
    assert body["content"] == "<@M20001> 第 3 天 &lt;@all&gt;"
    long = chat.command(SendMessage, channel_id=PLACE["channel_id"], member_id=None, text="茶" * 9_000)
    assert (await chat.outcome(long)).downgraded_to == "shorter_text"
    assert server.calls[-1][2]["content"] == "茶" * 1_899 + "…"
    private = chat.command(SendMessage, channel_id=None, member_id="qq:M20001")
    assert (await chat.outcome(private)).failure == "unsupported"


MUTES, LIST = f"{GROUP_PATH}/restrict_chat_setting", f"{GROUP_PATH}/member_blacklist"
REMOVED = ("POST", f"{GROUP_PATH}/batch_remove_members", {"member_openids": ["M20001"]})
ROWS: list[tuple[type[Command], dict[str, Any], list[Any]]] = [
    (DeleteMessage, MESSAGE, [("DELETE", f"{MESSAGES}/m5", None)]),
    (UnmuteMember, {}, [("POST", MUTES, {"members": [{"op": "del", "member_openid": "M20001"}]})]),
    (RemoveMember, {}, [REMOVED]),
    (BanMember, {}, [REMOVED, ("POST", LIST, {"op": "add", "member_openids": ["M20001"]})]),
    (UnbanMember, {}, [("POST", LIST, {"op": "del", "member_openids": ["M20001"]})]),
    (AnswerJoinRequest, {"request_id": f"qq:{GROUP}:r1", "accept": True},
     [("POST", f"{GROUP_PATH}/approval_join_request/M20001", {"op": "approve", "join_request_id": "r1"})]),
    (AnswerJoinRequest, {"request_id": f"qq:{GROUP}:r1", "accept": False, "reason": "满"},
     [("POST", f"{GROUP_PATH}/approval_join_request/M20001",
       {"op": "decline", "join_request_id": "r1", "reject_reason": "满"})]),
]  # fmt: skip


async def test_every_act_in_the_apis_words(chat: Chat, server: QQ) -> None:
    for act, fields, calls in ROWS:
        server.calls.clear()
        receipt = await chat.outcome(asked(chat, act, PLACE, fields))
        assert isinstance(receipt, CommandExecuted), (act, receipt)
        assert receipt.downgraded_to is None
        assert server.calls == calls
    assert (await chat.outcome(asked(chat, PinMessage, PLACE, MESSAGE))).failure == "unsupported"
    server.calls.clear()
    until_then = datetime.now(UTC) + timedelta(days=60)
    muted = await chat.outcome(chat.command(MuteMember, **PLACE, until=until_then))
    assert muted.downgraded_to == "shorter_mute"
    ((_, path, body),) = server.calls
    ends = datetime.fromisoformat(body["members"][0]["mute_expire_at"])
    assert (path, body["members"][0]["op"]) == (MUTES, "add")
    assert timedelta(days=29) < ends - datetime.now(UTC) < timedelta(days=30)


async def test_what_qq_refuses_or_postpones(chat: Chat, server: QQ) -> None:
    path = f"{MESSAGES}/m5"
    server.failing[path] = (403, {"code": 11253, "message": "secret words"})
    refused = await chat.outcome(asked(chat, DeleteMessage, PLACE, MESSAGE))
    assert (refused.failure, refused.detail) == ("refused", "HTTP 403 code 11253")
    server.failing[path] = (413, {})
    assert (await chat.outcome(asked(chat, DeleteMessage, PLACE, MESSAGE))).detail == "HTTP 413"
    server.failing[LIST] = (200, {"fail_openids": ["M20001"]})
    assert (await chat.outcome(asked(chat, BanMember, PLACE, {}))).failure == "refused"
    await server.says("早")
    await happened(chat, 1)
    for unclear in ((202, {"code": 304023}), (502, {})):
        server.failing[MESSAGES] = unclear
        assert (await chat.outcome(asked(chat, SendMessage, PLACE, {}))).failure == "failed"
    server.failing[path] = (503, {})
    (command_id,) = await chat.ask(asked(chat, DeleteMessage, PLACE, MESSAGE))
    count = len(server.calls)
    await until(lambda: len(server.calls) > count + 1)
    del server.failing[path]
    assert isinstance((await chat.receipts(6))[command_id], CommandExecuted)


async def test_rights_are_the_bots_role_and_no_webhook_is_open(chat: Chat) -> None:
    async with qq(SECRET, role="member") as server, running(chat, server) as url:
        await announced(chat, "reply")
        assert (await chat.outcome(asked(chat, DeleteMessage, PLACE, MESSAGE))).failure == "unsupported"
        server.role = "owner"
        robot = {"timestamp": now(), "group_openid": GROUP, "op_member_openid": "M1"}
        await server.happens("GROUP_ADD_ROBOT", **robot)
        await announced(chat, "delete")
        sign = {"op": 13, "d": {"plain_token": "{}", "event_ts": "1"}}
        async with httpx.AsyncClient(trust_env=False) as client:
            for path in ("/qq/", "/qq/webhook", "/qq/webhook/"):
                answer = await client.post(url + path, json=sign, headers={"X-Bot-Appid": APP})
                assert answer.status_code == 404
            assert (await client.get(f"{url}/livez")).status_code == 200


async def test_a_session_that_is_resumed_brings_what_was_missed(chat: Chat, server: QQ) -> None:
    await server.says("一")
    await happened(chat, 1)
    await server.hang_up()
    await server.says("二")
    await until(lambda: server.begun == [IDENTIFY, RESUME])
    await server.says("三")
    assert [event.text for event in await happened(chat, 3)] == ["一", "二", "三"]


async def test_hostile_frames_lose_nothing_and_reach_no_log(
    chat: Chat, server: QQ, caplog: pytest.LogCaptureFixture
) -> None:
    for broken in ({"author": 7}, {"timestamp": "secret words"}, {"content": None}, {"id": "m" * 5_000}):
        await server.says("secret words", **broken)
    await server.happens("NO_SUCH_EVENT", note="secret words")
    await server.says("还在")
    assert [event.text for event in await happened(chat, 1)] == ["还在"]
    assert "adapter" in caplog.text
    assert "secret words" not in caplog.text
    assert SECRET not in caplog.text
