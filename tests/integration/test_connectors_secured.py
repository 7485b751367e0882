"""A connector at a broker as a cluster's: by TLS and a login, with the rights of its manifest and no more."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import GroupAuthorizationFailedError, KafkaError, TopicAuthorizationFailedError

from connectors.sdk.claims import Claim
from connectors.sdk.command_store import CommandStore
from connectors.sdk.connector import Connector
from connectors.sdk.outlet import Outlet, Unavailable
from connectors.sdk.profiles import read_profile
from connectors.sdk.states import read_states
from deploy.cluster.manifests import users
from deploy.local.setup import set_up
from deploy.local.topics import create_topics
from shared.contracts.chat import MessagePosted
from shared.contracts.commands import CommandExecuted, DeleteMessage
from shared.contracts.profiles import Channel
from shared.contracts.topics import CHAT_COMMANDS, CHAT_EVENTS, REWARDS_EVENTS
from shared.kafka.access import client_arguments
from tests.connector_world import WAIT_SECONDS_MAX, Chat, happened
from tests.secured_kafka import SecuredKafka
from tests.servers import temporary_home

USER = "hearth-connectors"


@pytest.fixture(scope="module")
async def secured() -> AsyncIterator[SecuredKafka]:
    await asyncio.to_thread(set_up, print, postgres=False)
    manifests = list(users())
    async with temporary_home() as home:
        server = SecuredKafka.of(home, [each["metadata"]["name"] for each in manifests])
        await server.start()
        await create_topics(server.bootstrap_servers)
        await server.allow(manifests)
        yield server
        await server.stop()


async def test_with_its_login_it_publishes_carries_out_and_tells_of_itself(
    secured: SecuredKafka, tmp_path: Path
) -> None:
    chat = Chat(secured.bootstrap_servers, tmp_path)  # the test looks on as one who may do everything
    access = secured.access(USER)
    store = await CommandStore.open(f"sqlite:{tmp_path}/store.db")
    claims = (Claim(chat.community),)
    async with Connector(chat.connector_id, access, store, chat.platform, lambda: claims) as connector:
        await connector.announce(chat.community, [Channel(channel_id="hall", capabilities=("send",))])
        said = MessagePosted(
            community_id=chat.community, channel_id="hall", message_id="m1", member_id="ann", text="签到"
        )
        await connector.publish([(said, datetime.now(UTC))])
        assert said in await happened(chat, 1)
        receipt = await chat.outcome(chat.command(DeleteMessage))
        assert isinstance(receipt, CommandExecuted)
        async with asyncio.timeout(WAIT_SECONDS_MAX):
            while chat.connector_id not in await read_states(access):  # noqa: ASYNC110
                await asyncio.sleep(0.2)
        profile = await read_profile(access, chat.community)
        assert profile is not None
        assert [channel.channel_id for channel in profile.channels] == ["hall"]
    await store.close()


async def test_with_a_wrong_password_nothing_counts_as_published(secured: SecuredKafka) -> None:
    outlet = Outlet(secured.access(USER, "not-it"), "/connectors/stranger")
    said = MessagePosted(
        community_id="tea", channel_id="hall", message_id="m1", member_id="ann", text="大家好"
    )
    with pytest.raises(Unavailable):
        await outlet.send([(said, datetime.now(UTC))])
    await outlet.close()


@pytest.mark.parametrize("topic", [CHAT_COMMANDS, REWARDS_EVENTS])
async def test_it_may_not_write_what_services_say(secured: SecuredKafka, topic: str) -> None:
    async with AIOKafkaProducer(**client_arguments(secured.access(USER))) as producer:
        with pytest.raises(TopicAuthorizationFailedError):
            await producer.send_and_wait(topic, b"{}", key=b"tea")


@pytest.mark.parametrize(
    ("topic", "group", "refusal"),
    [
        (CHAT_EVENTS, "hearth.connector.spy", TopicAuthorizationFailedError),
        (CHAT_COMMANDS, "hearth.moderation", GroupAuthorizationFailedError),
    ],
)
async def test_it_may_neither_read_the_chats_of_others_nor_join_a_services_group(
    secured: SecuredKafka, topic: str, group: str, refusal: type[KafkaError]
) -> None:
    consumer = AIOKafkaConsumer(topic, group_id=group, **client_arguments(secured.access(USER)))
    try:
        with pytest.raises(refusal):
            await _first(consumer)
    finally:
        await consumer.stop()


async def _first(consumer: AIOKafkaConsumer) -> object:
    async with asyncio.timeout(60):
        await consumer.start()
        return await consumer.getone()
