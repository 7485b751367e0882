"""What Feishu brings to a connector that is killed, or without Kafka: nothing that it confirms is lost."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from connectors.feishu.app import BROUGHT_AGAIN_FOR
from connectors.feishu.translate import POSTED
from connectors.sdk.command_store import CommandStore
from connectors.sdk.connector import SEEN
from deploy.local.home import REPOSITORY
from deploy.local.kafka import KafkaServer
from deploy.local.ports import HOST, choose_port
from deploy.local.process import Process, spawn
from shared.contracts.topics import CHAT_EVENTS
from tests.chat_platform import places_file
from tests.connector_world import Chat, happened, new_name, records, until
from tests.feishu_stand_in import APP, GROUP, Feishu, feishu, now, said

SECRET, KEY = "feishu-app-secret-of-the-tests", "feishu-encrypt-key-of-the-tests"
MESSAGES, AT_ONCE = 240, 8
START_SECONDS_MAX = 60.0


@pytest.fixture
def chat(kafka_server: KafkaServer, tmp_path: Path) -> Chat:
    """A community of one group."""
    return Chat(kafka_server.bootstrap_servers, tmp_path, namespace="fs", connector_id=new_name("feishu"))


@pytest.fixture
async def there(chat: Chat) -> AsyncIterator[Feishu]:
    """The platform."""
    async with feishu(SECRET, KEY) as there:
        there.connector = f"http://{HOST}:{choose_port(None)}"
        yield there


@contextlib.asynccontextmanager
async def started(chat: Chat, there: Feishu, servers: str | None = None) -> AsyncIterator[Process]:
    """The connector, listening."""
    environment = {
        "KAFKA_BOOTSTRAP_SERVERS": servers or chat.servers,
        "CONNECTOR_ID": chat.connector_id,
        "CONNECTOR_STORE": f"sqlite:{chat.folder}/feishu.db",
        "API_PORT": there.connector.rpartition(":")[2],
        "PLACES_FILE": str(places_file(chat, [GROUP])),
        "FEISHU_APP_ID": APP,
        "FEISHU_APP_SECRET": SECRET,
        "FEISHU_ENCRYPT_KEY": KEY,
        "FEISHU_API": there.url,
    }
    command = [sys.executable, "-m", "connectors.feishu"]
    process = spawn("feishu", command, chat.folder / "feishu.log", environment=environment, folder=REPOSITORY)

    async def is_ready() -> bool:
        try:
            return (await there.client.get(f"{there.connector}/livez")).is_success
        except httpx.HTTPError:
            return False

    try:
        await process.until_ready(is_ready, START_SECONDS_MAX)
        yield process
    finally:
        await process.stop()


async def test_killed_it_loses_nothing_that_it_confirmed_and_doubles_nothing(
    chat: Chat, there: Feishu
) -> None:
    turns, confirmed = asyncio.Semaphore(AT_ONCE), 0

    async def brings(number: int) -> None:
        """As Feishu does: again until it is confirmed."""
        nonlocal confirmed
        event, told_at = said(f"om_{number}", f"第{number}句"), now()
        async with turns:
            while True:
                try:
                    answer = await there.happens(POSTED, event, told_at)
                except httpx.HTTPError:
                    await asyncio.sleep(0.1)
                    continue
                if answer.status_code == httpx.codes.OK:
                    break
        confirmed += 1

    bringing = asyncio.gather(*map(brings, range(MESSAGES)))
    for until_then in (60, 120, 180):
        async with started(chat, there) as process:
            await until(lambda until_then=until_then: confirmed >= until_then)  # type: ignore[misc]
            process.kill()
    async with started(chat, there):
        await bringing
    found = await records(chat.servers, CHAT_EVENTS, chat.community, 0)
    ids = {envelope.id: event.message_id for envelope, event in found if event.TYPE == "message.posted"}
    assert sorted(ids.values()) == sorted(f"fs:om_{number}" for number in range(MESSAGES))


async def test_what_kafka_does_not_have_is_not_confirmed(chat: Chat, there: Feishu) -> None:
    event, told_at = said("om_1", "早"), now()
    async with started(chat, there, f"{HOST}:{choose_port(None)}"):
        assert (await there.happens(POSTED, event, told_at)).status_code == 503
    async with started(chat, there):
        assert (await there.happens(POSTED, event, told_at)).status_code == 200
    assert [each.text for each in await happened(chat, 1)] == ["早"]


async def test_what_feishu_gave_up_to_bring_is_told_as_a_gap_once(chat: Chat, there: Feishu) -> None:
    store = await CommandStore.open(f"sqlite:{chat.folder}/feishu.db")
    since = datetime.now(UTC) - BROUGHT_AGAIN_FOR - timedelta(minutes=1)
    await store.note(SEEN, since.isoformat())
    await store.close()
    async with started(chat, there):
        (gap,) = await happened(chat, 1)
    assert (gap.TYPE, gap.gap_from) == ("connector.gap", since)
    async with started(chat, there):
        assert (await there.happens(POSTED, said("om_1", "早"))).status_code == 200
    assert [each.TYPE for each in await happened(chat, 2)] == ["connector.gap", "message.posted"]
