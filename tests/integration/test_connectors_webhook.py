"""Signed HTTP: events are durable when they are accepted, commands reach bots, and nothing else gets in."""

import asyncio
import contextlib
import json
import os
import re
import shutil
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI, Request, Response

from connectors.webhook.bots import read_bots
from deploy.local.kafka import KafkaServer
from deploy.local.ports import choose_port
from deploy.local.topics import create_topics
from shared.contracts.commands import CommandExecuted, DeleteMessage, SendMessage
from shared.contracts.topics import CHAT_EVENTS
from shared.settings import BadSettings
from tests.connector_world import Chat, records
from tests.servers import temporary_home
from tests.webhook_world import SignedBot, new_secret, webhook

EXAMPLES = Path(__file__).parents[2] / "connectors" / "webhook" / "examples"


@pytest.fixture
async def bot(kafka_server: KafkaServer, tmp_path: Path) -> AsyncIterator[SignedBot]:
    """A bot that fetches its commands."""
    async with webhook(kafka_server.bootstrap_servers, tmp_path) as bot:
        yield bot


@pytest.fixture
def chat(kafka_server: KafkaServer, tmp_path: Path, bot: SignedBot) -> Chat:
    """What services ask of the bot's community."""
    return Chat(kafka_server.bootstrap_servers, tmp_path, bot.community)


async def test_a_batch_is_durable_and_in_order_when_it_is_accepted(
    bot: SignedBot, kafka_server: KafkaServer
) -> None:
    answer = await bot.post("/v1/events", {"events": [bot.message(n) for n in range(100)]})
    assert (answer.status_code, answer.json()) == (202, {"accepted": 100, "refused": []})
    found = await records(kafka_server.bootstrap_servers, CHAT_EVENTS, bot.community, 100)
    assert [event.message_id for _, event in found] == [f"m{n}" for n in range(100)]


async def test_the_same_event_keeps_its_id_however_often_it_is_sent(
    bot: SignedBot, kafka_server: KafkaServer
) -> None:
    event = bot.message(1)
    for body in (event, [event], {"events": [event]}):
        assert (await bot.post("/v1/events", body)).status_code == 202
    found = await records(kafka_server.bootstrap_servers, CHAT_EVENTS, bot.community, 3)
    assert len({envelope.id for envelope, _ in found}) == 1


async def test_what_is_wrong_in_a_batch_is_said_item_by_item(bot: SignedBot) -> None:
    batch = [
        bot.message(1),
        bot.message(2, community_id="c-of-others"),
        bot.message(3, type="message.levitated"),
        bot.message(4, type="clock.set"),
        bot.message(5, time="2031-01-01T00:00:00Z"),
        bot.message(6, time="2020-01-01T00:00:00Z"),
        bot.message(7, time="yesterday"),
        bot.message(8, member_id=""),
        "no object",
        bot.message(9, text="\x00\ud800" * 20_000),
    ]
    answer = await bot.post("/v1/events", json.dumps(batch).encode())
    assert answer.status_code == 202
    assert answer.json()["accepted"] == 2
    assert [(each["index"], each["slug"]) for each in answer.json()["refused"]] == [
        (1, "foreign_community"),
        (2, "unknown_type"),
        (3, "unknown_type"),
        (4, "clock"),
        (5, "clock"),
        (6, "invalid"),
        (7, "invalid"),
        (8, "invalid"),
    ]


@pytest.mark.parametrize(
    ("body", "status", "slug"),
    [
        (b"{", 400, "not-json"),
        (b"[" * 100_000, 400, "not-json"),
        (b"[]", 422, "events-missing"),
        (b"7", 422, "events-missing"),
        (b'{"type": "x"}', 422, "events-refused"),
        (json.dumps([{}] * 501).encode(), 413, "too-many-events"),
        (b" " * 1_100_000, 413, "body-too-large"),
    ],
)
async def test_a_body_that_is_no_batch_is_refused(
    bot: SignedBot, body: bytes, status: int, slug: str
) -> None:
    answer = await bot.post("/v1/events", body)
    assert (answer.status_code, answer.json()["type"]) == (status, f"urn:hearth:problem:{slug}")


async def test_a_body_of_ten_megabytes_is_not_read(bot: SignedBot) -> None:
    """The connection is closed after the answer, so that a client that is still sending may not see it."""
    with contextlib.suppress(httpx.TransportError):
        assert (await bot.post("/v1/events", b" " * 10_000_000)).status_code == 413
    assert (await bot.post("/v1/events", bot.message(1))).status_code == 202


async def test_unsigned_altered_stale_and_replayed_requests_publish_nothing(
    bot: SignedBot, kafka_server: KafkaServer
) -> None:
    body = json.dumps(bot.message(1)).encode()
    stranger = SignedBot(bot.url, bot.community, secret=new_secret(9))
    nobody = SignedBot(bot.url, bot.community, name="nobody")
    hours = 3600 * 8
    refused = [
        ({}, "signature-missing"),
        (stranger.signed(body), "signature-wrong"),
        (nobody.signed(body), "signature-wrong"),
        (bot.signed(body + b" "), "signature-wrong"),
        (bot.signed(body, at=time.time() - hours), "signature-stale"),
        (bot.signed(body, at=time.time() + hours), "signature-stale"),
    ]
    for headers, slug in refused:
        answer = await bot.client.post(f"{bot.url}/v1/events", content=body, headers=headers)
        assert (answer.status_code, answer.json()["type"]) == (401, f"urn:hearth:problem:{slug}")
        assert abs(answer.json()["server_time"] - time.time()) < 60
    headers = bot.signed(body)
    statuses = [
        (await bot.client.post(f"{bot.url}/v1/events", content=body, headers=headers)).status_code
        for _ in range(3)
    ]
    assert statuses == [202, 409, 409]
    assert len(await records(kafka_server.bootstrap_servers, CHAT_EVENTS, bot.community, 1)) == 1


@pytest.mark.parametrize("path", ["/v1/events", "/v1/receipts", "/v1/commands", "/openapi.json", "/nothing"])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
async def test_every_route_but_the_health_checks_needs_a_signature(
    bot: SignedBot, path: str, method: str
) -> None:
    assert (await bot.client.request(method, bot.url + path)).status_code == 401
    assert (await bot.client.get(f"{bot.url}/livez")).status_code == 200


async def test_texts_of_refusals_are_chinese_for_who_reads_chinese(bot: SignedBot) -> None:
    answer = await bot.client.post(f"{bot.url}/v1/events", headers={"accept-language": "zh-CN"})
    assert "机器人" in answer.json()["detail"] or "请带上" in answer.json()["detail"]


async def test_while_kafka_is_away_nothing_is_accepted_and_afterwards_nothing_is_lost(tmp_path: Path) -> None:
    async with temporary_home() as home:
        kafka = KafkaServer.at(home)
        await kafka.start()
        await create_topics(kafka.bootstrap_servers)
        async with webhook(kafka.bootstrap_servers, tmp_path) as bot:
            assert (await bot.post("/v1/events", bot.message(1))).status_code == 202
            await kafka.stop()
            answer = await bot.post("/v1/events", bot.message(2))
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
            await kafka.start()
            async with asyncio.timeout(90):
                while (await bot.post("/v1/events", bot.message(3))).status_code != 202:  # noqa: ASYNC110
                    await asyncio.sleep(0.5)
            found = await records(kafka.bootstrap_servers, CHAT_EVENTS, bot.community, 2)
        await kafka.stop()
    assert {"m1", "m3"} <= {event.message_id for _, event in found}


async def test_a_bot_fetches_commands_and_its_receipts_reach_the_services(bot: SignedBot, chat: Chat) -> None:
    fetching = asyncio.create_task(bot.get("/v1/commands?wait=20"))
    await asyncio.sleep(0.3)
    (command_id,) = await chat.ask(chat.command(SendMessage, text="欢迎"))
    (command,) = (await fetching).json()["commands"]
    assert (command["id"], command["type"], command["data"]["text"]) == (command_id, "send_message", "欢迎")
    receipt = {"command_id": command_id, "outcome": "executed", "platform_message_id": "p1"}
    assert (await bot.post("/v1/receipts", receipt)).json() == {"first": True}
    assert (await chat.receipts(1))[command_id].platform_message_id == "p1"
    assert (await bot.post("/v1/receipts", receipt)).json() == {"first": False}
    assert (await bot.post("/v1/receipts", {**receipt, "command_id": "other"})).status_code == 404
    assert (await bot.post("/v1/receipts", {**receipt, "outcome": "perhaps"})).status_code == 422


async def test_a_bot_that_does_not_fetch_holds_nobody_up_and_its_commands_expire(
    bot: SignedBot, chat: Chat
) -> None:
    receipt = await chat.outcome(chat.command(SendMessage, seconds=3))
    assert receipt.failure == "expired"


class Listener:
    """A bot's own address, to which commands are posted."""

    def __init__(self) -> None:
        self.answers: list[Response] = []
        self.taken: list[tuple[dict[str, str], dict[str, Any]]] = []
        self.app = FastAPI()
        self.app.add_api_route("/commands", self.take, methods=["POST"])

    async def take(self, request: Request) -> Response:
        """Answer as told, at last with a receipt."""
        self.taken.append((dict(request.headers), json.loads(await request.body())))
        if self.answers:
            return self.answers.pop(0)
        return Response('{"outcome": "executed"}', media_type="application/json")


async def test_commands_are_posted_signed_until_the_bot_takes_them(
    kafka_server: KafkaServer, tmp_path: Path
) -> None:
    listener, port = Listener(), choose_port(None)
    listener.answers = [Response(status_code=503), Response(status_code=429, headers={"retry-after": "1"})]
    server = uvicorn.Server(uvicorn.Config(listener.app, port=port, log_config=None))
    serving = asyncio.create_task(server.serve())
    url = f"http://127.0.0.1:{port}/commands"
    fields = {"commands_url": url, "private_address": True, "capabilities": ["delete"]}
    async with webhook(kafka_server.bootstrap_servers, tmp_path, **fields) as bot:
        chat = Chat(kafka_server.bootstrap_servers, tmp_path, bot.community)
        assert isinstance(await chat.outcome(chat.command(DeleteMessage)), CommandExecuted)
        unsupported = await chat.outcome(chat.command(SendMessage))
    server.should_exit = True
    await serving
    assert unsupported.failure == "unsupported"
    assert len(listener.taken) == 3
    assert len({content["id"] for _, content in listener.taken}) == 1
    assert all(re.fullmatch(r"v1,\S{44}", headers["webhook-signature"]) for headers, _ in listener.taken)


@pytest.mark.parametrize(
    "url", ["https://127.0.0.1/x", "https://localhost/x", "https://169.254.169.254/x", "https://[::1]/x"]
)
async def test_commands_never_go_to_a_private_address_that_was_not_allowed(
    kafka_server: KafkaServer, tmp_path: Path, url: str
) -> None:
    async with webhook(kafka_server.bootstrap_servers, tmp_path, commands_url=url) as bot:
        chat = Chat(kafka_server.bootstrap_servers, tmp_path, bot.community)
        receipt = await chat.outcome(chat.command(SendMessage))
    assert (receipt.failure, "not public" in receipt.detail) == ("refused", True)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("bots: []", "bots"),
        ("bots: [{name: a, secrets: [whsec_short], places: [{community: tea}]}]", "secret"),
        ("bots: [{name: A B, secrets: [], places: []}]", "name"),
        ("- [", "cannot be read"),
    ],
)
def test_a_file_of_bots_that_is_wrong_is_named_without_its_secrets(
    tmp_path: Path, text: str, told: str
) -> None:
    file = tmp_path / "bots.yaml"
    file.write_text(text)
    with pytest.raises(BadSettings, match=told) as refused:
        read_bots(file)
    assert "whsec_short" not in str(refused.value)


@pytest.mark.parametrize("command", [[sys.executable, "bot.py"], ["node", "bot.mjs"]], ids=["python", "node"])
async def test_the_example_bots_run(bot: SignedBot, chat: Chat, command: list[str]) -> None:
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} IS MISSING: its example bot was not run")
    environment = {
        **os.environ,
        "HEARTH_URL": bot.url,
        "HEARTH_BOT": bot.name,
        "HEARTH_SECRET": bot.secret,
        "HEARTH_COMMUNITY": bot.community,
    }
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *command, cwd=EXAMPLES, env=environment, stdin=pipe, stdout=pipe
    )
    assert process.stdin
    assert process.stdout
    try:
        process.stdin.write("大家好\n".encode())
        async with asyncio.timeout(30):
            assert json.loads(await process.stdout.readline()) == {"accepted": 1, "refused": []}
            ((_, event),) = await records(chat.servers, CHAT_EVENTS, bot.community, 1)
            assert event.text == "大家好"
            (command_id,) = await chat.ask(chat.command(SendMessage, text="你好"))
            assert json.loads(await process.stdout.readline())["data"]["text"] == "你好"
            assert isinstance((await chat.receipts(1))[command_id], CommandExecuted)
    finally:
        process.kill()
        await process.wait()
