"""A connector on the session's Kafka, with a chat platform that does as a test tells it."""

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from connectors.sdk.buckets import Rate
from connectors.sdk.claims import Claim
from connectors.sdk.command_store import CommandStore
from connectors.sdk.connector import Connector
from connectors.sdk.ladder import CAPABILITIES, Ability
from connectors.sdk.outcomes import Done, NotYet
from connectors.sdk.profiles import read_profile
from connectors.sdk.publisher import Publisher
from shared.contracts.commands import Command
from shared.contracts.contract import Contract
from shared.contracts.envelope import Envelope, read
from shared.contracts.partitioning import partition_of
from shared.contracts.registry import BY_TYPE
from shared.contracts.topics import CHAT_EVENTS, CHAT_RECEIPTS

WAIT_SECONDS_MAX = 60.0


def new_name(prefix: str) -> str:
    """A name that no other test uses."""
    return f"{prefix}-{uuid.uuid4().hex[:10]}"


@dataclass(slots=True)
class ScriptedPlatform:
    """Keeps what it was asked; `answer` decides what comes of it."""

    name: str = "scripted"
    rates: tuple[Rate, ...] = (Rate(1000, 1),)
    channel_rates: tuple[Rate, ...] = (Rate(1000, 1),)
    capabilities: frozenset[str] = CAPABILITIES
    mute_seconds_max: int | None = None
    drops_doubles: bool = False
    not_yet: int = 0
    """How often it is still asked in vain what can be done."""
    answer: Callable[[Command], Done] = field(default=lambda command: Done())
    done: list[Command] = field(default_factory=list)
    done_at: list[float] = field(default_factory=list)

    def ability(self, claim: Claim, channel_id: str | None) -> Ability:
        """The same everywhere."""
        if self.not_yet:
            self.not_yet -= 1
            raise NotYet("nothing was said yet")
        return Ability(self.capabilities, self.mute_seconds_max)

    async def carry_out(self, claim: Claim, command: Command, command_id: str) -> Done:
        """As told."""
        result = self.answer(command)
        self.done.append(command)
        self.done_at.append(asyncio.get_running_loop().time())
        return result


@dataclass(slots=True)
class Chat:
    """One community with its connector."""

    servers: str
    folder: Path
    community: str = field(default_factory=lambda: new_name("tea"))
    connector_id: str = field(default_factory=lambda: new_name("scripted"))
    platform: ScriptedPlatform = field(default_factory=ScriptedPlatform)
    namespace: str = ""
    _asked: int = 0

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[Connector]:
        """The connector as a process would run it, on a store that outlives it."""
        store = await CommandStore.open(f"sqlite:{self.folder}/{self.connector_id}.db")
        claims = (Claim(self.community, self.namespace),)
        connector = Connector(self.connector_id, self.servers, store, self.platform, lambda: claims)
        try:
            async with connector:
                yield connector
        finally:
            await store.close()

    def command(self, contract: type[Command], seconds: float = 300, **fields: Any) -> Command:
        """A command that expires in so many seconds; ids that are missing are made up."""
        self._asked += 1
        filled = {"channel_id": "hall", "member_id": "ann", "message_id": "m1", "text": "你好"}
        filled |= {"until": datetime.now(UTC) + timedelta(hours=1), "request_id": "r1", "accept": True}
        return contract(
            **{
                "community_id": self.community,
                "purpose": "test",
                "cause_id": f"cause-{self._asked}",
                "expires_at": datetime.now(UTC) + timedelta(seconds=seconds),
                **{name: value for name, value in filled.items() if name in contract.model_fields},
                **fields,
            }
        )

    async def ask(
        self, *commands: Command, source: str = "/hearth/moderation", at: datetime | None = None
    ) -> list[str]:
        """Publish commands as a service would, decided at one moment; their ids."""
        decided_at = at or datetime.now(UTC)
        async with Publisher(self.servers, source) as publisher:
            return [await publisher.publish(command, decided_at) for command in commands]

    async def receipts(self, count: int) -> dict[str, Any]:
        """The receipts by command id, once there are so many."""
        return {
            receipt.command_id: receipt
            for _, receipt in await records(self.servers, CHAT_RECEIPTS, self.community, count)
        }

    async def outcome(self, command: Command, **where: Any) -> Any:
        """Ask for it and return its receipt."""
        (command_id,) = await self.ask(command, **where)
        async with asyncio.timeout(WAIT_SECONDS_MAX):
            while True:
                found = [r for _, r in await records(self.servers, CHAT_RECEIPTS, self.community, 0)]
                for receipt in found:
                    if receipt.command_id == command_id:
                        return receipt
                await asyncio.sleep(0.05)


async def records(
    servers: str, topic: str, community: str, count: int
) -> list[tuple[Envelope, Contract | Any]]:
    """What a topic holds of one community, once it is so much; fails after a while."""
    place = TopicPartition(topic, partition_of(community))
    consumer = AIOKafkaConsumer(bootstrap_servers=servers, enable_auto_commit=False)
    await consumer.start()
    found: list[tuple[Envelope, Any]] = []
    try:
        consumer.assign([place])
        await consumer.seek_to_beginning(place)
        async with asyncio.timeout(WAIT_SECONDS_MAX):
            while (
                len(found) < count
                or await consumer.position(place) < ((await consumer.end_offsets([place]))[place])
            ):
                for record in (await consumer.getmany(place, timeout_ms=100)).get(place, ()):
                    if record.key == community.encode():
                        envelope, payload = read(record.headers, record.value)
                        found.append((envelope, BY_TYPE[envelope.type].model_validate_json(payload)))
    except TimeoutError:
        raise AssertionError(f"{len(found)} of {count} records: {found[-5:]}") from None
    finally:
        await consumer.stop()
    return found


async def until(condition: Callable[[], bool]) -> None:
    """Wait for something that nothing announces."""
    async with asyncio.timeout(WAIT_SECONDS_MAX):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def announced(chat: Chat, capability: str) -> None:
    """Until the profile says that the groups can do this."""
    async with asyncio.timeout(WAIT_SECONDS_MAX):
        while True:
            profile = await read_profile(chat.servers, chat.community)
            if profile and profile.channels and capability in profile.channels[0].capabilities:
                return
            await asyncio.sleep(0.1)


async def happened(chat: Chat, count: int) -> list[Any]:
    """The community's events, without profiles."""
    async with asyncio.timeout(WAIT_SECONDS_MAX):
        while True:
            found = [e for _, e in await records(chat.servers, CHAT_EVENTS, chat.community, 0)]
            events = [event for event in found if event.TYPE != "community.profile"]
            if len(events) >= count:
                return events
            await asyncio.sleep(0.1)
