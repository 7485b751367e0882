"""What connectors answer: kept in the store with the outcome, then published until Kafka has it."""

import asyncio
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from connectors.sdk.command_store import CommandStore, Finished, Kept
from connectors.sdk.metrics import RECEIPTS
from connectors.sdk.outcomes import Done
from connectors.sdk.outlet import Outlet
from shared.contracts.commands import Command, CommandExecuted, CommandFailed
from shared.contracts.identity import milliseconds

PUBLISHED_AT_ONCE = 200
DETAIL_CHARACTERS_MAX = 500
LOOK_SECONDS = 5.0
Receipt = CommandExecuted | CommandFailed
Failure = Literal["unsupported", "refused", "expired", "rate_limited", "failed"]


def executed(command: Command, kept: Kept, done: Done) -> CommandExecuted:
    """It was done, perhaps otherwise."""
    return CommandExecuted(
        community_id=command.community_id,
        command_id=kept.command_id,
        downgraded_to=done.downgraded_to,
        platform_message_id=done.platform_message_id,
    )


def failed(command: Command, kept: Kept, failure: Failure, detail: str) -> CommandFailed:
    """It was not done, as far as is known."""
    return CommandFailed(
        community_id=command.community_id,
        command_id=kept.command_id,
        failure=failure,
        detail=detail[:DETAIL_CHARACTERS_MAX],
        attempt=max(1, kept.attempts),
        retryable=failure in ("expired", "rate_limited"),
    )


@dataclass(slots=True)
class Receipts:
    """Every command has exactly one outcome; its receipt may be sent twice, with one id."""

    store: CommandStore
    outlet: Outlet
    answered: int = 0
    _kept: asyncio.Event = field(default_factory=asyncio.Event)

    async def keep(self, kept: Kept, command: Command, receipt: Receipt) -> bool:
        """Store an outcome; False when the command has one already."""
        text = json.dumps({"kind": type(receipt).__name__, "data": receipt.to_json().decode()})
        first = await self.store.finish(kept.command_id, text, milliseconds(datetime.now(UTC)))
        if first:
            self.answered += 1
            RECEIPTS.labels(command.TYPE, _outcome(receipt)).inc()
            self._kept.set()
        return first

    async def run(self) -> None:
        """Publish until cancelled."""
        while True:
            finished = await self.store.unreported(PUBLISHED_AT_ONCE)
            if finished:
                await self.outlet.send_surely([(_restored(each), _moment(each)) for each in finished])
                await self.store.reported([each.command_id for each in finished])
                continue
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._kept.wait()
            except TimeoutError:
                continue
            self._kept.clear()


def _outcome(receipt: Receipt) -> str:
    if isinstance(receipt, CommandExecuted):
        return "downgraded" if receipt.downgraded_to else "executed"
    return receipt.failure


def _restored(finished: Finished) -> Receipt:
    kept = json.loads(finished.receipt)
    contract = CommandExecuted if kept["kind"] == CommandExecuted.__name__ else CommandFailed
    return contract.model_validate_json(kept["data"])


def _moment(finished: Finished) -> datetime:
    return datetime.fromtimestamp(finished.finished_at / 1000, UTC)
