"""Carries out stored commands: the most important first, within limits, never late, never twice.

An act is marked as started before the platform is called. A process that dies in between leaves it in doubt:
what repeats safely is tried again, anything else is reported as failed, since it may have been done.
"""

import asyncio
import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from connectors.sdk.attempts import Attempt, Verdict, attempt
from connectors.sdk.buckets import Buckets
from connectors.sdk.claims import Claim, claim_for
from connectors.sdk.command_intake import restore
from connectors.sdk.command_store import CommandStore, Kept
from connectors.sdk.ladder import TOLD_OPERATORS, Step, step_for
from connectors.sdk.metrics import COMMAND_SECONDS, COMMANDS_WAITING, PLATFORM_ERRORS
from connectors.sdk.operators import Operators
from connectors.sdk.outcomes import Done, NotYet
from connectors.sdk.platform import Platform
from connectors.sdk.receipts import Receipts, executed, failed
from shared.contracts.commands import Command, CommandExecuted, CommandFailed, SendMessage
from shared.contracts.identity import milliseconds

LOOK_AHEAD = 200
IDLE_SECONDS = 1.0
AT_ONCE_MAX = 8
BACKOFF_SECONDS = (0.5, 30.0)
KEPT_AFTER_EXPIRY = timedelta(days=8)
"""Longer than the log keeps a command that could come again."""
ALL = "*"

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Executor:
    """One per connector."""

    platform: Platform
    claims: Callable[[], tuple[Claim, ...]]
    store: CommandStore
    receipts: Receipts
    operators: Operators
    allowed: Callable[[], bool] = lambda: True
    """False while another connector answers for the same place: then nothing is carried out."""
    last_error: str = ""
    last_error_at: datetime | None = None
    degraded: bool = False
    _all: Buckets = field(init=False)
    _channels: Buckets = field(init=False)
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _busy: dict[str, "asyncio.Task[None]"] = field(default_factory=dict)
    """By channel: what is asked of one channel is done one after the other."""
    _not_before: dict[str, float] = field(default_factory=dict)
    _waits_for: dict[str, str] = field(default_factory=dict)
    """By command id: why the platform could not do it yet."""

    def __post_init__(self) -> None:
        self._all = Buckets(self.platform.rates)
        self._channels = Buckets(self.platform.channel_rates)

    def wake(self) -> None:
        """Something may be possible now."""
        self._wake.set()

    def retry_now(self) -> None:
        """What waited for the platform may be possible now."""
        self._not_before.clear()
        self.wake()

    async def run(self) -> None:
        """Until cancelled; acts under way are then left to `in_doubt` of the next start."""
        await self._settle_doubts()
        try:
            while True:
                wait_seconds = await self._round()
                await self._sleep(wait_seconds)
        finally:
            for task in self._busy.values():
                task.cancel()
            await asyncio.gather(*self._busy.values(), return_exceptions=True)

    async def _sleep(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(max(seconds, 0.001)):
                await self._wake.wait()
        except TimeoutError:
            pass
        self._wake.clear()

    async def _settle_doubts(self) -> None:
        for kept in await self.store.in_doubt():
            command, _ = restore(kept.ce_type, kept.payload)
            if self._repeats_safely(command):
                await self.store.wait_again(kept.command_id)
            else:
                detail = "the connector died while it was under way; it may have been done"
                await self._finish(kept, command, failed(command, kept, "failed", detail))

    def _repeats_safely(self, command: Command) -> bool:
        return self.platform.drops_doubles or not isinstance(command, SendMessage)

    async def _round(self) -> float:
        """Begin what can begin now; seconds until something else may."""
        waiting = await self.store.waiting(LOOK_AHEAD)
        COMMANDS_WAITING.set(len(waiting) + len(self._busy))
        now, sleep = time.monotonic(), IDLE_SECONDS
        for kept in waiting:
            command, decided_at = restore(kept.ce_type, kept.payload)
            if kept.expires_at <= milliseconds(datetime.now(UTC)):
                waited = self._waits_for.get(kept.command_id, self.last_error)
                detail = waited if kept.attempts else "it came too late"
                await self._finish(kept, command, failed(command, kept, "expired", detail))
                continue
            if not self.allowed():
                continue
            channel = _place(command)
            wait = max(
                self._not_before.get(kept.command_id, 0.0) - now,
                self._all.wait_seconds(ALL),
                self._channels.wait_seconds(channel),
            )
            if wait > 0:
                sleep = min(sleep, wait)
            elif channel not in self._busy and len(self._busy) < AT_ONCE_MAX:
                self._begin(channel, kept, command, decided_at)
        return sleep

    def _begin(self, channel: str, kept: Kept, command: Command, decided_at: datetime) -> None:
        self._all.take(ALL)
        self._channels.take(channel)
        task = asyncio.create_task(self._carry_out(channel, kept, command, decided_at))
        self._busy[channel] = task

    async def _carry_out(self, channel: str, kept: Kept, command: Command, decided_at: datetime) -> None:
        try:
            claim = claim_for(self.claims(), command)
            if claim is None:
                refusal = failed(command, kept, "refused", "this connector no longer answers for the place")
                await self._finish(kept, command, refusal)
            elif await self.store.start(kept.command_id):
                await self._settle(kept, command, decided_at, await self._try(claim, kept, command))
        except Exception as error:
            log.error("a command could not be settled", exc_info=error, extra={"action": "command_unsettled"})
            if self._repeats_safely(command):
                await self.store.wait_again(kept.command_id)
        finally:
            del self._busy[channel]
            self.wake()

    async def _try(self, claim: Claim, kept: Kept, command: Command) -> Attempt:
        try:
            ability = self.platform.ability(claim, getattr(command, "channel_id", None))
            step = step_for(command, ability, datetime.now(UTC))
            if step.command is None:
                step = await self._told(claim, command, step)
        except NotYet as error:
            return Attempt(Verdict.AWAY, detail=str(error))
        if step.command is None:
            return Attempt(Verdict.UNSUPPORTED, detail=f"{command.TYPE} is not possible here")
        made = await attempt(self.platform, claim, step.command, kept.command_id)
        if isinstance(made.done, Done) and step.downgraded_to:
            return made.with_done(Done(made.done.platform_message_id, step.downgraded_to))
        return made

    async def _told(self, claim: Claim, command: Command, step: Step) -> Step:
        """A text to the operators' channel in place of the act, where there is such a channel."""
        if step.downgraded_to != TOLD_OPERATORS:
            return step
        told = await self.operators.told(command)
        if told is None or claim_for((claim,), told) is None:
            return Step(None)
        can_send = "send" in self.platform.ability(claim, told.channel_id).capabilities
        return Step(told if can_send else None, TOLD_OPERATORS)

    async def _settle(self, kept: Kept, command: Command, decided_at: datetime, made: Attempt) -> None:
        self._remember(made)
        match made.verdict:
            case Verdict.DONE:
                assert made.done is not None
                COMMAND_SECONDS.observe(max(0.0, (datetime.now(UTC) - decided_at).total_seconds()))
                await self._finish(kept, command, executed(command, kept, made.done))
            case Verdict.UNSUPPORTED:
                await self._finish(kept, command, failed(command, kept, "unsupported", made.detail))
            case Verdict.REFUSED:
                await self._finish(kept, command, failed(command, kept, "refused", made.detail))
            case Verdict.UNSURE if not self._repeats_safely(command):
                detail = f"{made.detail}; it may have been done"
                await self._finish(kept, command, failed(command, kept, "failed", detail))
            case _:
                await self._wait_again(kept, command, made)

    async def _wait_again(self, kept: Kept, command: Command, made: Attempt) -> None:
        if made.verdict is Verdict.BUSY:
            # the whole channel waits, so that nothing overtakes
            self._channels.close(_place(command), made.retry_after_seconds)
        else:
            pause = min(BACKOFF_SECONDS[0] * 2 ** min(kept.attempts, 10), BACKOFF_SECONDS[1])
            later = time.monotonic() + pause * random.uniform(1.0, 1.2)  # noqa: S311
            self._not_before[kept.command_id] = later
            if not made.error_kind:
                self._waits_for[kept.command_id] = made.detail
        await self.store.wait_again(kept.command_id)

    def _remember(self, made: Attempt) -> None:
        if made.error_kind:
            PLATFORM_ERRORS.labels(made.error_kind).inc()
            self.last_error, self.last_error_at = made.detail[:200], datetime.now(UTC)
        if made.verdict in (Verdict.DONE, Verdict.REFUSED):
            self.degraded = False
        elif made.error_kind:
            self.degraded = True

    async def _finish(self, kept: Kept, command: Command, receipt: CommandExecuted | CommandFailed) -> None:
        self._not_before.pop(kept.command_id, None)
        self._waits_for.pop(kept.command_id, None)
        await self.receipts.keep(kept, command, receipt)


def _place(command: Command) -> str:
    """What a platform's limits count by: the channel, or the member for what is private."""
    channel_id = getattr(command, "channel_id", None)
    return str(channel_id or getattr(command, "member_id", None) or command.community_id)
