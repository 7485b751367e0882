"""Slack: signed events become Hearth's, acts are calls of its Web API."""

import asyncio
import contextlib
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
import yaml
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

from connectors.slack.app import build
from connectors.slack.settings import Settings
from deploy.local.kafka import KafkaServer
from deploy.local.ports import choose_port
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
from tests.connector_world import Chat, announced, happened, new_name, until

SECRET, BOT, ADMIN = "slack-signing-secret-of-tests", "xoxb-bot-token-of-tests", "xoxp-admin-token-of-tests"
HALL = "C01HALL"
STAMP = "1709611200.000100"
PLACE = {"channel_id": f"sl:{HALL}", "member_id": "sl:U1"}


@dataclass(slots=True)
class Slack:
    """The Web API, and a workspace that brings events signed."""

    api: str
    connector: str
    calls: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    """Method, token, fields."""
    answers: dict[str, tuple[int, dict[str, Any] | str]] = field(default_factory=dict)

    async def brings(self, event: Any, secret: str = SECRET, at: float | None = None, **outer: Any) -> Any:
        """One event; the answer."""
        body = json.dumps({"type": "event_callback", "event": event, **outer}).encode()
        stamp = str(int(at or time.time()))
        signed = hmac.new(secret.encode(), b":".join((b"v0", stamp.encode(), body)), hashlib.sha256)
        headers = {
            "x-slack-request-timestamp": stamp,
            "x-slack-signature": f"v0={signed.hexdigest()}",
            "content-type": "application/json",
        }
        async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
            return await client.post(f"{self.connector}/slack/events", content=body, headers=headers)


@contextlib.asynccontextmanager
async def served(app: FastAPI) -> AsyncIterator[str]:
    """An app on a free port."""
    port = choose_port(None)
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_config=None))
    task = asyncio.create_task(server.serve())
    await until(lambda: server.started or task.done())
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await task


@pytest.fixture
def chat(kafka_server: KafkaServer, tmp_path: Path) -> Chat:
    """A community of one channel."""
    chat = Chat(kafka_server.bootstrap_servers, tmp_path, namespace="sl")
    chat.connector_id = new_name("slack")
    return chat


@pytest.fixture
async def slack(chat: Chat) -> AsyncIterator[Slack]:
    """The platform and the connector, which knows an administrator's token."""
    api = FastAPI()
    there = Slack("", "")

    @api.post("/api/{method}")
    async def call(method: str, request: Request) -> Response:
        token = request.headers["authorization"].removeprefix("Bearer ")
        there.calls.append((method, token, await request.json()))
        usual: dict[str, Any] = {"ok": True, "ts": "1709611999.000200", "channel": {"id": "D01"}}
        status, body = there.answers.get(method, (200, usual))
        if isinstance(body, str):
            return Response(body, status, media_type="text/html")
        return JSONResponse(body, status, headers={"retry-after": "1"})

    file = chat.folder / "places.yaml"
    place = {"community": chat.community, "namespace": "sl", "channels": [HALL]}
    file.write_text(yaml.safe_dump({"communities": [place]}))
    async with served(api) as there.api:
        settings = Settings(
            kafka_bootstrap_servers=chat.servers,
            connector_id=chat.connector_id,
            connector_store=f"sqlite:{chat.folder}/slack.db",  # type: ignore[arg-type]
            api_port=1,
            slack_signing_secret=SECRET,  # type: ignore[arg-type]
            slack_bot_token=BOT,  # type: ignore[arg-type]
            slack_admin_token=ADMIN,  # type: ignore[arg-type]
            slack_api=there.api,
            places_file=file,
        )
        async with served(build(settings)) as there.connector:
            yield there


def message(**fields: Any) -> dict[str, Any]:
    """An event of a message."""
    now = f"{int(time.time())}.000100"
    base = {"type": "message", "channel": HALL, "user": "U1", "ts": now, "event_ts": now, "text": "早"}
    return {**base, **fields}


async def test_what_happens_becomes_events(chat: Chat, slack: Slack) -> None:
    first = message(text="早 &amp; <@U2>", files=[{"name": "a.png", "mimetype": "image/png"}])
    answer = message(user="U2", thread_ts=first["ts"], parent_user_id="U1", ts=first["ts"][:-1] + "9")
    edited = {"ts": first["ts"], "user": "U1", "text": "您好", "edited": {"ts": first["ts"]}}
    reaction = {"user": "U2", "reaction": "tea", "item_user": "U1", "event_ts": first["ts"],
                "item": {"type": "message", "channel": HALL, "ts": first["ts"]}}  # fmt: skip
    newcomer = {"user": "U3", "channel": HALL, "event_ts": first["ts"]}
    for event in (
        first,
        answer,
        message(subtype="message_changed", message=edited, previous_message={"text": "早"}),
        message(subtype="message_changed", message={**edited, "text": "早"}, previous_message={"text": "早"}),
        {"type": "reaction_added", **reaction},
        {"type": "reaction_removed", **reaction},
        message(subtype="message_deleted", deleted_ts=first["ts"]),
        {"type": "member_joined_channel", **newcomer, "inviter": "U1"},
        {"type": "member_left_channel", **newcomer},
        message(channel="C0OTHER"),
        message(subtype="channel_topic"),
        7, None, {"type": "message", "channel": HALL}, message(event_ts="1e400"),
    ):  # fmt: skip
        assert (await slack.brings(event)).status_code == 200
    said, replied, changed, added, removed, deleted, joined, left = await happened(chat, 8)
    assert (said.text, said.member_id, said.mentions) == ("早 & @U2", "sl:U1", ("sl:U2",))
    assert (said.message_id, said.attachments[0].kind) == (f"sl:{HALL}:{first['ts']}", "image")
    assert (replied.reply_to, replied.reply_to_member) == (said.message_id, "sl:U1")
    assert (changed.message_id, changed.text) == (said.message_id, "您好")
    assert (added.reaction, added.author_id, removed.TYPE) == ("tea", "sl:U1", "reaction.removed")
    assert (deleted.message_id, deleted.member_id) == (said.message_id, "sl:U1")
    assert (joined.invited_by, left.member_id) == ("sl:U1", "sl:U3")


async def test_only_slack_is_listened_to(chat: Chat, slack: Slack) -> None:
    forged = message(text="forged")
    for at in (-1, 10**15):
        assert (await slack.brings(forged, at=at)).status_code == 401
    for stamp, signature in (
        ("", "v0=1"),
        ("1e9", "v0=1"),
        ("9" * 5_000, "v0=1"),
        (str(int(time.time())), "é"),
    ):
        headers = {"x-slack-request-timestamp": stamp, "x-slack-signature": signature.encode()}
        async with httpx.AsyncClient(trust_env=False) as client:
            answer = await client.post(f"{slack.connector}/slack/events", content=b"\xff", headers=headers)
        assert answer.status_code == 401
    for fields in ({"secret": "another"}, {"at": time.time() - 400}, {"at": time.time() + 4_000}):
        assert (await slack.brings(forged, **fields)).status_code == 401
    async with httpx.AsyncClient(trust_env=False) as client:
        assert (await client.post(f"{slack.connector}/slack/events", json={})).status_code == 401
        assert (await client.get(f"{slack.connector}/livez")).status_code == 200
    greeting = await slack.brings(None, type="url_verification", challenge="abc")
    assert greeting.json() == {"challenge": "abc"}
    await slack.brings(message(text="true"))
    assert [event.text for event in await happened(chat, 1)] == ["true"]


@pytest.mark.parametrize(
    ("act", "fields", "calls"),
    [
        (
            DeleteMessage,
            {"message_id": f"sl:{HALL}:{STAMP}"},
            [("chat.delete", ADMIN, {"channel": HALL, "ts": STAMP})],
        ),
        (
            PinMessage,
            {"message_id": f"sl:{HALL}:{STAMP}"},
            [("pins.add", BOT, {"channel": HALL, "timestamp": STAMP})],
        ),
        (RemoveMember, {}, [("conversations.kick", BOT, {"channel": HALL, "user": "U1"})]),
        (BanMember, {}, [("conversations.kick", BOT, {"channel": HALL, "user": "U1"})]),
        (
            SendMessage,
            {"member_id": None, "text": "<!channel> & 好"},
            [("chat.postMessage", BOT, {"channel": HALL, "text": "&lt;!channel&gt; &amp; 好"})],
        ),
        (
            SendMessage,
            {"reply_to": f"sl:{HALL}:{STAMP}", "text": "好"},
            [("chat.postMessage", BOT, {"channel": HALL, "text": "<@U1> 好", "thread_ts": STAMP})],
        ),
        (
            SendMessage,
            {"channel_id": None, "text": "私"},
            [
                ("conversations.open", BOT, {"users": "U1"}),
                ("chat.postMessage", BOT, {"channel": "D01", "text": "私"}),
            ],
        ),
    ],
)
async def test_an_act_in_the_apis_words(
    chat: Chat, slack: Slack, act: type[Command], fields: Any, calls: Any
) -> None:
    given = {name: value for name, value in {**PLACE, **fields}.items() if name in act.model_fields}
    receipt = await chat.outcome(chat.command(act, **given))
    assert isinstance(receipt, CommandExecuted)
    assert receipt.downgraded_to == ("remove" if act is BanMember else None)
    assert slack.calls == calls


async def test_what_slack_lacks_refuses_or_postpones(chat: Chat, slack: Slack) -> None:
    await announced(chat, "delete")
    assert (await chat.outcome(chat.command(MuteMember, **PLACE))).failure == "unsupported"
    slack.answers["chat.delete"] = (200, {"ok": False, "error": "message_not_found"})
    gone = chat.command(DeleteMessage, **PLACE, message_id=f"sl:{HALL}:{STAMP}")
    assert isinstance(await chat.outcome(gone), CommandExecuted)
    slack.answers["chat.postMessage"] = (200, {"ok": False, "error": "is_archived"})
    archived = await chat.outcome(chat.command(SendMessage, **PLACE))
    assert (archived.failure, archived.detail) == ("refused", "is_archived")
    slack.answers["conversations.kick"] = (429, {})
    (command_id,) = await chat.ask(chat.command(RemoveMember, **PLACE))
    await until(lambda: slack.calls[-1][0] == "conversations.kick")
    del slack.answers["conversations.kick"]
    assert isinstance((await chat.receipts(4))[command_id], CommandExecuted)


async def test_what_is_too_long_or_too_large_has_an_end(chat: Chat, slack: Slack) -> None:
    long = chat.command(SendMessage, channel_id=f"sl:{HALL}", member_id=None, text="<" * 9_000)
    assert (await chat.outcome(long)).downgraded_to == "shorter_text"
    assert slack.calls[-1][2]["text"] == "&lt;" * 3_999 + "…"
    ends: dict[str, tuple[int, dict[str, Any] | str]] = {
        "HTTP 413": (413, "<html>Request Entity Too Large</html>"),
        "msg_too_long": (200, {"ok": False, "error": "msg_too_long"}),
    }
    for detail, answer in ends.items():
        slack.answers["chat.postMessage"] = answer
        large = await chat.outcome(chat.command(SendMessage, **PLACE))
        assert (large.failure, large.detail) == ("refused", detail)
    for unclear in ((502, "<html>Bad Gateway</html>"), (200, "<html>what?</html>"), (200, "{")):
        slack.answers["chat.postMessage"] = unclear
        asked = len(slack.calls)
        assert (await chat.outcome(chat.command(SendMessage, **PLACE))).failure == "failed"
        assert len(slack.calls) == asked + 1, "a text that may be there is not sent again"
