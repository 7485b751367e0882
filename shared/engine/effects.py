"""Runs handlers on a batch; when one event is poison, finds it and keeps its neighbours."""

from collections.abc import Awaitable, Callable, Sequence
from hashlib import blake2b
from typing import Any, TypeVar

from aiokafka import ConsumerRecord

from shared.engine.errors import is_poison
from shared.engine.event import DueTimer, Event
from shared.engine.plan import Planned
from shared.engine.record import DETAIL_CHARACTERS_MAX, Dead, Raw
from shared.engine.routes import Routes
from shared.engine.work import UnitOfWork

Item = TypeVar("Item", Planned, DueTimer)
TIMER_TOPIC = "timer:"


class Effects:
    """A service's handlers, applied to events and timers inside a transaction."""

    def __init__(self, routes: Routes) -> None:
        self._routes = tuple(routes.routes)
        self._timers = routes.timers
        self.uncut = frozenset(routes.uncut)
        self.together = frozenset(routes.together)
        self.foreseen = frozenset(routes.foreseen)

    async def apply(self, events: Sequence[Planned], work: UnitOfWork) -> None:
        """Every handler once, with all of its events in log order."""
        for route in self._routes:
            batch: list[Event[Any]] = [
                each.event for each in events if type(each.event.data) in route.contracts
            ]
            if batch:
                await route.handler(batch, work)

    async def fire(self, due: Sequence[DueTimer], work: UnitOfWork) -> None:
        """Every kind's handler once, with its due timers; a kind that no code knows any more is dropped."""
        kinds: dict[str, list[DueTimer]] = {}
        for each in due:
            kinds.setdefault(each.timer.kind, []).append(each)
        for kind, timers in kinds.items():
            handler = self._timers.get(kind)
            if handler is not None:
                await handler(timers, work)


async def isolate(
    items: Sequence[Item], work: UnitOfWork, apply: Callable[[Sequence[Item], UnitOfWork], Awaitable[None]]
) -> list[tuple[Item, BaseException]]:
    """Apply items under savepoints, halving where it fails, until each culprit stands alone; returns those.

    Order is kept: the first half is applied before the second. Whatever is not poison is raised.
    """
    savepoint = work.connection.transaction()
    await savepoint.start()
    mark = work.mark()
    try:
        await apply(items, work)
    except BaseException as error:
        await savepoint.rollback()
        work.rewind(mark)
        if not is_poison(error):
            raise
        if len(items) == 1:
            return [(items[0], error)]
    else:
        await savepoint.commit()
        return []
    half = len(items) // 2
    culprits = await isolate(items[:half], work, apply)
    return culprits + await isolate(items[half:], work, apply)


def dead_event(planned: Planned, error: BaseException) -> Dead:
    """The dead letter of an event that a handler or the database refused."""
    return Dead(planned.record, "refused", _told(error), planned.event.id)


def dead_timer(due: DueTimer, partition: int, error: BaseException) -> Dead:
    """The dead letter of a timer; its place is a hash of its name and moment."""
    timer = due.timer
    name = f"{timer.community_id}\x1f{timer.kind}\x1f{timer.key}\x1f{timer.due_at.isoformat()}"
    place = int.from_bytes(blake2b(name.encode("utf-8", "replace"), digest_size=7).digest(), "big")
    record: Raw = ConsumerRecord(
        topic=TIMER_TOPIC + timer.kind, partition=partition, offset=place, timestamp=0, timestamp_type=0,
        key=timer.community_id.encode("utf-8", "replace"), value=name.encode("utf-8", "replace"),
        checksum=None, serialized_key_size=0, serialized_value_size=0, headers=(),
    )  # fmt: skip
    return Dead(record, "timer_refused", _told(error))


def _told(error: BaseException) -> str:
    """The kind of error and, where the database names one, its state; never values, which may be hostile."""
    state = getattr(error, "sqlstate", None)
    constraint = getattr(error, "constraint_name", None)
    parts = [type(error).__name__, state or "", constraint or ""]
    return " ".join(part for part in parts if part)[:DETAIL_CHARACTERS_MAX]
