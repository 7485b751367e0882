"""Commands from Kafka into the connector's own store; the group's offset moves on when they are kept."""

import asyncio
import json
import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord
from aiokafka.errors import KafkaError
from pydantic import ValidationError

from connectors.sdk.claims import Claim, claim_for
from connectors.sdk.command_store import Arrived, CommandStore
from connectors.sdk.metrics import COMMANDS_LAG
from connectors.sdk.priorities import priority_of
from shared.contracts.commands import COMMAND_CONTRACTS, Command
from shared.contracts.envelope import Envelope, Refused, read
from shared.contracts.identity import milliseconds
from shared.contracts.topics import CHAT_COMMANDS
from shared.kafka.access import Kafka, client_arguments

GROUP_PREFIX = "hearth.connector."
"""Brokers let connectors join the groups that begin so, and no others (deploy/cluster/access.py)."""
POLL_MS = 500
RECORDS_MAX = 500
LONG_AGO = timedelta(hours=24)
"""A command that expired before that is passed over without a receipt: a new connector reads a whole log."""
BACKOFF_SECONDS = (0.5, 10.0)
_COMMANDS: dict[str, type[Command]] = {contract.ce_type(): contract for contract in COMMAND_CONTRACTS}

log = logging.getLogger(__name__)


@dataclass(slots=True)
class CommandIntake:
    """Reads `chat.commands` in the connector's own group; one process per connector."""

    bootstrap_servers: Kafka
    connector_id: str
    claims: Callable[[], Iterable[Claim]]
    store: CommandStore
    on_arrival: Callable[[], None]
    lag: int = 0
    _arrival: int = 0
    _behind: dict[Any, int] = field(default_factory=dict)

    async def run(self) -> None:
        """Until cancelled; an absent Kafka or store is waited for."""
        pause = BACKOFF_SECONDS[0]
        while True:
            began = time.monotonic()
            try:
                await self._read()
            except (KafkaError, OSError, TimeoutError) as error:
                log.warning("commands cannot be read now: %r", error, extra={"action": "commands_delayed"})
            if time.monotonic() - began > BACKOFF_SECONDS[1]:
                pause = BACKOFF_SECONDS[0]
            await asyncio.sleep(pause)
            pause = min(2 * pause, BACKOFF_SECONDS[1])

    async def _read(self) -> None:
        consumer = AIOKafkaConsumer(
            CHAT_COMMANDS,
            **client_arguments(self.bootstrap_servers),
            group_id=f"{GROUP_PREFIX}{self.connector_id}",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            request_timeout_ms=15_000,
            metadata_max_age_ms=60_000,
        )
        try:
            await consumer.start()
            while True:
                found = await consumer.getmany(timeout_ms=POLL_MS, max_records=RECORDS_MAX)
                if found:
                    await self._keep([record for records in found.values() for record in records])
                    await consumer.commit()
                self._measure(consumer)
        finally:
            await consumer.stop()

    def _measure(self, consumer: AIOKafkaConsumer) -> None:
        for place in consumer.assignment():
            end = consumer.highwater(place)
            position = consumer.last_stable_offset(place) if end is None else end
            self._behind[place] = max(0, (position or 0) - (self._position(consumer, place) or 0))
        self.lag = sum(self._behind.values())
        COMMANDS_LAG.set(self.lag)

    @staticmethod
    def _position(consumer: AIOKafkaConsumer, place: Any) -> int | None:
        state = consumer._subscription.subscription.assignment.state_value(place)
        return state.position if state is not None and state.has_valid_position else None

    async def _keep(self, records: list[ConsumerRecord]) -> None:
        now = datetime.now(UTC)
        arrived = [kept for record in records if (kept := self._arrived(record, now))]
        if arrived:
            await self.store.add(arrived)
            self.on_arrival()

    def _arrived(self, record: ConsumerRecord, now: datetime) -> Arrived | None:
        """The command as it is stored; None for what is no command, somebody else's or long over."""
        command = decode_command(record)
        if command is None:
            return None
        envelope, asked = command
        if claim_for(self.claims(), asked) is None or asked.expires_at < now - LONG_AGO:
            return None
        return Arrived(
            envelope.id,
            envelope.type,
            json.dumps({"time": envelope.time.isoformat(), "data": asked.to_json().decode()}),
            priority_of(asked, envelope.source),
            self._next_arrival(now),
            milliseconds(asked.expires_at),
        )

    def _next_arrival(self, now: datetime) -> int:
        """Microseconds, never twice the same: what came in one batch keeps its order."""
        self._arrival = max(self._arrival + 1, 1000 * milliseconds(now))
        return self._arrival


def decode_command(record: ConsumerRecord) -> tuple[Envelope, Command] | None:
    """What a record asks; None for what is no command of ours, which is logged by its place only."""
    try:
        envelope, payload = read(record.headers, record.value)
        contract = _COMMANDS.get(envelope.type)
        return (envelope, contract.model_validate_json(payload)) if contract else None
    except (Refused, ValidationError) as error:
        place = f"{record.partition}:{record.offset}"
        log.warning(
            "a record is no command: %s at %s",
            type(error).__name__,
            place,
            extra={"action": "command_unreadable"},
        )
        return None


def restore(ce_type: str, payload: str) -> tuple[Command, datetime]:
    """A stored command and when it was decided."""
    kept = json.loads(payload)
    command = _COMMANDS[ce_type].model_validate_json(kept["data"])
    return command, datetime.fromisoformat(kept["time"])
