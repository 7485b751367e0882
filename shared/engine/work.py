"""The unit of work: all that a handler may do to the world, in one transaction with its batch."""

from collections.abc import Awaitable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from shared.contracts.contract import Contract
from shared.contracts.envelope import Envelope, headers_of, seal
from shared.engine.errors import Poison
from shared.engine.event import Timer
from shared.engine.overlap import during
from shared.postgres.connection import Connection

PAYLOAD_BYTES_MAX = 786_432
"""What is published fits a Kafka request with its neighbours' headers."""
PUBLISHED_AT_ONCE = 25
"""Events made between two looks at what the database has answered."""


class Outgoing(NamedTuple):
    """An event on its way to the outbox."""

    event_id: str
    topic: str
    partition: int | None
    """None: by the community's hash."""
    key: str
    headers: list[tuple[str, bytes]]
    payload: bytes


TimerName = tuple[str, str, str]
"""community_id, kind, key."""


@dataclass(slots=True)
class UnitOfWork:
    """A connection in its transaction, the time, and what is to be announced and timed when it commits."""

    connection: Connection
    now: datetime
    """Real time of this transaction. An event's or timer's own `now` is its community's clock."""
    source: str
    """CloudEvents source of what is published: `/hearth/<service>`."""
    traceparent: str | None = None
    uncut: Collection[str] = ()
    """Kinds of timers at which no history is cut."""
    histories: Mapping[str, datetime] = field(default_factory=dict)
    """By community on event clock whose time this batch moves on: how far."""
    outgoing: list[Outgoing] = field(default_factory=list)
    timers_set: dict[TimerName, Timer] = field(default_factory=dict)
    timers_cancelled: set[TimerName] = field(default_factory=set)
    earliest_asked: dict[str, datetime] = field(default_factory=dict)
    """By community: the earliest moment that a timer was asked for, also when it was moved on later."""

    def publish(self, data: Contract, occurred_at: datetime) -> str:
        """Announce a fact or ask for a command when the transaction commits; returns its id."""
        envelope = seal(data, self.source, occurred_at)
        if self.traceparent:
            envelope = Envelope(envelope.id, envelope.source, envelope.type, envelope.time, self.traceparent)
        payload = data.to_json()
        if len(payload) > PAYLOAD_BYTES_MAX:
            raise Poison(f"{envelope.type} has {len(payload)} bytes, over {PAYLOAD_BYTES_MAX}")
        headers = headers_of(envelope)
        self.outgoing.append(Outgoing(envelope.id, data.TOPIC, None, data.community_id, headers, payload))
        return envelope.id

    def publish_all(self, facts: Iterable[tuple[Contract, datetime]]) -> None:
        """Announce several, in order."""
        for data, occurred_at in facts:
            self.publish(data, occurred_at)

    async def publish_during(
        self, writing: Awaitable[None], facts: Iterable[tuple[Contract, datetime]]
    ) -> None:
        """Announce many, in order, in the time that the database takes for `writing`, which ends first."""
        await during(writing, self._publishing(facts))

    def _publishing(self, facts: Iterable[tuple[Contract, datetime]]) -> Iterator[None]:
        for number, (data, occurred_at) in enumerate(facts):
            if number % PUBLISHED_AT_ONCE == 0:
                yield
            self.publish(data, occurred_at)

    def set_timer(self, timer: Timer) -> None:
        """Set or move a timer; the last word in a transaction counts."""
        name = (timer.community_id, timer.kind, timer.key)
        self.timers_cancelled.discard(name)
        self.timers_set[name] = timer
        if timer.kind in self.uncut:
            return
        earliest = self.earliest_asked.get(timer.community_id)
        if earliest is None or timer.due_at < earliest:
            self.earliest_asked[timer.community_id] = timer.due_at

    def cancel_timer(self, community_id: str, kind: str, key: str = "") -> None:
        """Take a timer back; one that is not set is no error."""
        name = (community_id, kind, key)
        self.timers_set.pop(name, None)
        self.timers_cancelled.add(name)

    def mark(self) -> "Mark":
        """For the engine: what is collected so far, to come back to."""
        return Mark(len(self.outgoing), dict(self.timers_set), set(self.timers_cancelled))

    def rewind(self, mark: "Mark") -> None:
        """For the engine: forget what was collected after the mark."""
        del self.outgoing[mark.outgoing :]
        self.timers_set = dict(mark.timers_set)
        self.timers_cancelled = set(mark.timers_cancelled)


class Mark(NamedTuple):
    """The state of a unit of work at a savepoint."""

    outgoing: int
    timers_set: dict[TimerName, Timer]
    timers_cancelled: set[TimerName]
