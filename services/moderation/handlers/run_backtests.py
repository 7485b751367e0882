"""Back-tests on a community's record, one at a time, beside the engine and giving way to it."""

import asyncio
import secrets
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

import structlog
from aiokafka.errors import KafkaError

from services.moderation.domain.backtest import Backtest, Comparison, compare
from services.moderation.domain.recorded import Recorded
from services.moderation.domain.rulebook import RuleBook
from services.moderation.store.recorded_log import RecordedLog

KEPT_MAX = 20
"""Finished tests that are remembered; the oldest go first."""
KEPT_SECONDS = 3600.0
SLICE_MESSAGES = 100
"""Some milliseconds of work, after which the engine has the process for as long again."""
MESSAGES_MAX = 2_000_000
"""What one test reads; memory grows with the members in it."""
RUN_SECONDS_MAX = 3600.0

log = structlog.get_logger(__name__)


class State(StrEnum):
    """How a back-test stands."""

    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"
    """The log could not be read, or it took too long."""


class Busy(Exception):
    """One is running already."""


@dataclass(slots=True)
class Asked:
    """A back-test of a community, and what is known of it so far."""

    id: str
    community_id: str
    since: datetime
    until: datetime
    overturned: Collection[str]
    test: Backtest
    state: State = State.RUNNING
    share: float = 0.0
    """0 to 1: how much of the log is read."""
    log_begins_at: datetime | None = None
    """Real time of the oldest record in the log: what is asked of before is not there."""
    result: Comparison | None = None
    ended: float | None = None
    """The loop's time."""
    task: "asyncio.Task[None] | None" = None

    @property
    def is_whole(self) -> bool:
        """Whether nothing of the record was left out for a limit."""
        return not self.test.is_full and self.test.messages < MESSAGES_MAX


@dataclass(slots=True)
class Backtests:
    """The tests of this process; they are forgotten with it."""

    log: RecordedLog
    _asked: dict[str, Asked] = field(default_factory=dict)

    def start(
        self,
        community_id: str,
        since: datetime,
        until: datetime,
        books: tuple[RuleBook, RuleBook],
        overturned: Collection[str],
    ) -> Asked:
        """Begin to compare the active book with the candidate. Raises Busy."""
        self._forget()
        if any(each.state is State.RUNNING for each in self._asked.values()):
            raise Busy
        asked = Asked(
            secrets.token_hex(8), community_id, since, until, frozenset(overturned), Backtest.of(*books)
        )
        self._asked[asked.id] = asked
        asked.task = asyncio.create_task(self._run(asked), name=f"backtest {asked.id}")
        return asked

    def get(self, community_id: str, test_id: str) -> Asked | None:
        """The community's test of this id, unless it is forgotten."""
        self._forget()
        asked = self._asked.get(test_id)
        return asked if asked and asked.community_id == community_id else None

    async def cancel(self, asked: Asked) -> None:
        """End it, if it runs, and forget it."""
        if asked.task is not None:
            asked.task.cancel()
            await asyncio.gather(asked.task, return_exceptions=True)
        self._asked.pop(asked.id, None)

    def _forget(self) -> None:
        now = asyncio.get_running_loop().time()
        ended = [each for each in self._asked.values() if each.ended is not None]
        for number, each in enumerate(reversed(ended), 1):
            assert each.ended is not None
            if number > KEPT_MAX or now - each.ended > KEPT_SECONDS:
                del self._asked[each.id]

    async def _run(self, asked: Asked) -> None:
        try:
            async with asyncio.timeout(RUN_SECONDS_MAX):
                await self._read(asked)
            asked.result = await asyncio.to_thread(_compared, asked)
            asked.state, asked.share = State.DONE, 1.0
        except asyncio.CancelledError:
            asked.state = State.CANCELLED
            raise
        except (KafkaError, OSError, TimeoutError) as error:
            asked.state = State.FAILED
            log.warning(
                "a back-test ended early", action="backtest_failed", community_id=asked.community_id,
                error=type(error).__name__,
            )  # fmt: skip
        except Exception as error:
            asked.state = State.FAILED
            log.error("a back-test failed", action="backtest_failed", exc_info=error)
        finally:
            asked.ended = asyncio.get_running_loop().time()

    async def _read(self, asked: Asked) -> None:
        reading = self.log.read(asked.community_id, asked.since, asked.until)
        try:
            async for piece in reading:
                asked.log_begins_at = piece.begins_at
                for start in range(0, len(piece.messages), SLICE_MESSAGES):
                    await _give_way(asked.test, piece.messages[start : start + SLICE_MESSAGES])
                asked.share = piece.share
                if not asked.is_whole:
                    break
        finally:
            await reading.aclose()


async def _give_way(test: Backtest, messages: list[Recorded]) -> None:
    """A slice in a thread of its own, then a pause as long as it took."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    await asyncio.to_thread(test.read, messages)
    await asyncio.sleep(loop.time() - began)


def _compared(asked: Asked) -> Comparison:
    test = asked.test
    books = (test.active.book.policy, test.candidate.book.policy)
    return compare(test.run(), *books, asked.overturned)
