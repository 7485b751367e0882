"""A connector as a whole: events out, commands in, receipts, heartbeats, and a claim that only one holds."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal
from uuid import uuid4

from aiokafka.errors import KafkaError

from connectors.sdk.claims import Claim
from connectors.sdk.command_intake import CommandIntake
from connectors.sdk.command_store import CommandStore
from connectors.sdk.executor import KEPT_AFTER_EXPIRY, Executor
from connectors.sdk.metrics import CONFLICTS
from connectors.sdk.operators import Operators
from connectors.sdk.outlet import Outlet, Timed, Unavailable
from connectors.sdk.places import channels_of, claims_of
from connectors.sdk.platform import Platform
from connectors.sdk.profiles import changed, read_profile
from connectors.sdk.receipts import Receipts
from connectors.sdk.states import HEARTBEAT_SECONDS, key_of, read_states, rival
from shared.contracts.connectors import ConnectorGap, ConnectorState
from shared.contracts.contract import Contract
from shared.contracts.identity import milliseconds
from shared.contracts.profiles import Channel, CommunityProfile
from shared.contracts.topics import CHAT_EVENTS
from shared.http.background import running
from shared.kafka.access import Kafka

SEEN = "seen_until"
"""Note: until when the connector surely heard what happened."""
FORGET_EVERY_SECONDS = 3600.0

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Connector:
    """`async with Connector(…)`: from then on commands are carried out; what `publish` took is durable."""

    connector_id: str
    bootstrap_servers: Kafka
    store: CommandStore
    platform: Platform
    claims: Callable[[], tuple[Claim, ...]]
    run_id: str = field(default_factory=lambda: uuid4().hex)
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    conflict_with: str | None = None
    outlet: Outlet = field(init=False)
    executor: Executor = field(init=False)
    receipts: Receipts = field(init=False)
    intake: CommandIntake = field(init=False)
    published: int = 0
    _parts: AsyncExitStack = field(default_factory=AsyncExitStack)
    _rate: tuple[float, int, float] = (0.0, 0, 0.0)
    """When the rate was last measured, of how many events, and the rate."""
    _forgot_at: float = 0.0

    def __post_init__(self) -> None:
        self.outlet = Outlet(self.bootstrap_servers, f"/connectors/{self.connector_id}")
        self.receipts = Receipts(self.store, self.outlet)
        operators = Operators(lambda community_id: read_profile(self.bootstrap_servers, community_id))
        self.executor = Executor(
            self.platform, self.claims, self.store, self.receipts, operators, self.is_sole
        )
        self.intake = CommandIntake(
            self.bootstrap_servers, self.connector_id, self.claims, self.store, self.executor.wake
        )

    async def __aenter__(self) -> "Connector":
        """Start; Kafka may come later."""
        await self.look_for_rivals()
        works: tuple[Callable[[], Awaitable[None]], ...] = (
            self.intake.run,
            self.receipts.run,
            self.executor.run,
            self._beat,
        )
        await self._parts.enter_async_context(running(*map(ended_by_cancel, works)))
        return self

    async def __aexit__(self, *error: object) -> None:
        """Say goodbye and stop; what has no outcome stays in the store."""
        await self._parts.aclose()
        try:
            async with asyncio.timeout(5):
                await self.outlet.send([await self._state(stopped=True)])
        except (Unavailable, TimeoutError):
            log.warning("no goodbye could be said", extra={"action": "goodbye_failed"})
        await self.outlet.close()

    def is_sole(self) -> bool:
        """Whether no other connector answers for our places."""
        return self.conflict_with is None

    async def publish(self, events: Sequence[Timed]) -> None:
        """Durable when it returns, in this order per community. Raises Unavailable."""
        await self.outlet.send(events)
        self.published += len(events)

    async def publish_surely(self, events: Sequence[Timed]) -> None:
        """The same, waiting for Kafka however long it takes."""
        await self.outlet.send_surely(events)
        self.published += len(events)

    async def announce(self, community_id: str, channels: Sequence[Channel], **changes: str | None) -> None:
        """Publish these channels and what they can do, and keep what others said of the community."""
        known = await read_profile(self.bootstrap_servers, community_id)
        ours = {channel.channel_id: channel for channel in channels}
        others = [each for each in (known.channels if known else ()) if each.channel_id not in ours]
        wanted = (*others, *ours.values())
        news = {name: value for name, value in changes.items() if value and (known is None)}
        if known is not None and set(wanted) == set(known.channels) and not news:
            return
        now = datetime.now(UTC)
        profile: CommunityProfile = changed(known, community_id, milliseconds(now), channels=wanted, **news)
        await self.outlet.send([(profile, now)])
        await self.outlet.send([(profile, now)], CHAT_EVENTS)

    async def announce_places(self, places: dict[str, Claim]) -> None:
        """Publish what the platform can do in each place; what waited for it is tried again."""
        for claim in claims_of(places):
            channels = []
            for channel_id in map(claim.name, channels_of(places, claim)):
                ability = self.platform.ability(claim, channel_id)
                capabilities = tuple(sorted(ability.capabilities))
                limit = ability.mute_seconds_max
                channels.append(
                    Channel(channel_id=channel_id, capabilities=capabilities, mute_seconds_max=limit)
                )
            await self.announce(claim.community_id, channels)
        self.executor.retry_now()

    async def announce_gap(
        self, claim: Claim, gap_from: datetime, gap_to: datetime, cause: str, channel_id: str | None = None
    ) -> None:
        """Say that what happened in between is not known."""
        gap: Contract = ConnectorGap(
            community_id=claim.community_id,
            connector_id=self.connector_id,
            channel_id=channel_id,
            gap_from=gap_from,
            gap_to=gap_to,
            cause=cause,
        )
        await self.outlet.send_surely([(gap, gap_to)])

    async def seen_until(self) -> datetime | None:
        """Until when this connector heard everything, as its last process noted."""
        noted = await self.store.noted(SEEN)
        return datetime.fromisoformat(noted) if noted else None

    async def note_seen(self, moment: datetime) -> None:
        """Remember that everything until then is published."""
        await self.store.note(SEEN, moment.isoformat())

    async def look_for_rivals(self) -> None:
        """Stand back while an older connector answers for one of our places."""
        try:
            states = await read_states(self.bootstrap_servers)
        except (KafkaError, OSError, TimeoutError):
            return
        found = rival(self.connector_id, self.run_id, self.started_at, self.claims(), states)
        if found and found != self.conflict_with:
            log.error(
                "another connector answers for the same place; nothing is carried out",
                extra={"action": "claim_conflict", "connector": self.connector_id, "rival": found},
            )
        self.conflict_with = found
        CONFLICTS.set(found is not None)

    async def _beat(self) -> None:
        while True:
            try:
                await self.outlet.send([await self._state()])
            except Unavailable as error:
                log.warning("no heartbeat: %s", error, extra={"action": "heartbeat_failed"})
            await asyncio.sleep(HEARTBEAT_SECONDS)
            await self.look_for_rivals()
            await self._forget()

    async def _forget(self) -> None:
        if time.monotonic() - self._forgot_at > FORGET_EVERY_SECONDS:
            self._forgot_at = time.monotonic()
            await self.store.forget(milliseconds(datetime.now(UTC) - KEPT_AFTER_EXPIRY))

    def _measured_rate(self) -> float:
        at, count, rate = self._rate
        now = time.monotonic()
        if now - at >= HEARTBEAT_SECONDS / 2:
            rate = 60 * (self.published - count) / (now - at) if at else 0.0
            self._rate = (now, self.published, rate)
        return rate

    def _standing(self) -> Literal["conflict", "degraded", "running"]:
        if self.conflict_with:
            return "conflict"
        return "degraded" if self.executor.degraded else "running"

    async def _state(self, stopped: bool = False) -> Timed:
        now = datetime.now(UTC)
        return ConnectorState(
            community_id=key_of(self.connector_id),
            connector_id=self.connector_id,
            run_id=self.run_id,
            platform=self.platform.name,
            state="stopped" if stopped else self._standing(),
            started_at=self.started_at,
            claims=tuple(claim.as_place() for claim in self.claims()),
            events=self.published,
            events_per_minute=round(self._measured_rate(), 1),
            commands=self.receipts.answered,
            commands_waiting=await self.store.count_waiting(),
            lag=self.intake.lag,
            last_error=self.executor.last_error,
            last_error_at=self.executor.last_error_at,
        ), now


async def ended_by_cancel(work: Callable[[], Awaitable[None]]) -> None:
    """Run for ever; a mistake of ours is logged and the work begun again."""
    while True:
        try:
            await work()
        except Exception as error:
            log.error("a part of the connector failed", exc_info=error, extra={"action": "part_failed"})
            await asyncio.sleep(1.0)
