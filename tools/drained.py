"""Waiting until the services have handled all that is in the log, with all that follows from it."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from aiokafka.errors import KafkaError

from deploy.local.roles import SERVICES
from tools.log_position import Positions, reading

LOOK_SECONDS = 0.3
STALLED_SECONDS = 120.0


class NotDrained(TimeoutError):
    """A service stands still before the end of the log; `positions` says how far all came."""

    def __init__(self, positions: Positions) -> None:
        waiting = [f"{one.service} {one.behind} behind" for one in positions.services if one.behind]
        super().__init__(f"the log is not drained: {', '.join(waiting) or 'the outboxes are not empty'}")
        self.positions = positions


@dataclass(slots=True)
class _Patience:
    """Since when each service that is behind has handled nothing."""

    handled: dict[str, int] = field(default_factory=dict)
    moved_at: dict[str, float] = field(default_factory=dict)
    all_there_since: float | None = None

    def seconds(self, now: Positions) -> float:
        """How long the one has stood still that has done so longest."""
        behind = [one for one in now.services if one.behind]
        for one in now.services:
            if not one.behind or self.handled.get(one.service) != one.handled:
                self.handled[one.service] = one.handled
                self.moved_at[one.service] = now.taken_at
        if behind or self.all_there_since is None:
            self.all_there_since = now.taken_at
        return now.taken_at - min([self.all_there_since, *self.moved_at.values()])


async def wait_until_drained(
    admin_url: str,
    bootstrap_servers: str,
    *,
    services: Sequence[str] = SERVICES,
    on_look: Callable[[Positions], None] = lambda positions: None,
    stalled_seconds: float = STALLED_SECONDS,
) -> Positions:
    """Wait until all that is in the log is handled, with all that follows from it; returns the last look.

    Call it when the input is published. `on_look` gets every look, about three a second. `NotDrained` when
    a service that is behind, or an outbox behind which all are waiting, has not moved for so long: however
    much there is to handle, whoever moves is waited for. `KafkaError` when Kafka answers nothing for so long.
    """
    patience = _Patience()
    async with reading(admin_url, bootstrap_servers, services) as reader:
        before = await reader.look()
        on_look(before)
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                now = await reader.look(before)
            except KafkaError:  # a crowded broker may be late with an answer
                if time.monotonic() - before.taken_at > stalled_seconds:
                    raise
                continue
            on_look(now)
            if is_drained(before, now):
                return now
            if patience.seconds(now) > stalled_seconds:
                raise NotDrained(now)
            before = now


def is_drained(before: Positions, now: Positions) -> bool:
    """Whether nothing but progress has been on its way between two looks.

    At the first look every consequence was sent, so it was in the log whose ends were read then. At the
    second all of that log is handled, no consequence was written in between, no timer is about to fire.
    """
    return (
        now.has_passed(before)
        and not any(one.consequences_unsent for one in before.services)
        and not any(one.consequences_new or one.timers_due for one in now.services)
    )
