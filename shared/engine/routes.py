"""Which event goes to which handler: the table that a service's `consumers.py` and `timers.py` fill in."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from shared.contracts.contract import Contract
from shared.contracts.topics import CHAT_EVENTS, COMMUNITY_PROFILES
from shared.engine.event import DueTimer, Event
from shared.engine.work import UnitOfWork


class Handler(Protocol):
    """Load, fold, save. The batch holds new events of its types, of many communities, in log order.

    Order is kept within a topic and community; nothing may depend on the order between handlers or topics.
    """

    async def __call__(self, batch: Sequence[Event[Any]], work: UnitOfWork) -> None:
        """Apply the batch through the unit of work; raise `Poison` for what can never be applied."""


class TimerHandler(Protocol):
    """The same for timers of one kind that came due, in order of their moment."""

    async def __call__(self, due: Sequence[DueTimer], work: UnitOfWork) -> None:
        """Apply the due timers; they are gone when this returns, unless set again."""


@dataclass(frozen=True, slots=True)
class Route:
    """One handler and the contracts that it takes."""

    handler: Handler
    contracts: tuple[type[Contract], ...]


@dataclass(slots=True)
class Routes:
    """A service's handlers by event type and timer kind."""

    routes: list[Route] = field(default_factory=list)
    timers: dict[str, TimerHandler] = field(default_factory=dict)
    uncut: set[str] = field(default_factory=set)
    """Kinds of timers at whose moments a history is not cut: they fire behind the batch that passes them."""
    together: set[str] = field(default_factory=set)
    """Of those, the kinds whose timers fire at once, whatever their moments."""
    foreseen: set[str] = field(default_factory=set)
    """Kinds that a handler of events fires by itself where a history passes their moments."""
    ahead: Callable[[Sequence[Contract]], None] | None = None
    """Takes valid facts of the next poll, which may be handled, or not, or again: for thoughts that depend on
    nothing else, while the database works on the batch before."""
    other_topics: frozenset[str] = frozenset()
    """Topics read for the engine's own sake: progress of services that timers wait for."""

    def on(self, *contracts: type[Contract], to: Handler) -> None:
        """Send events of these contracts to the handler."""
        self.routes.append(Route(to, contracts))

    def on_timer(
        self,
        kind: str,
        to: TimerHandler,
        *,
        cuts_history: bool = True,
        together: bool = False,
        foreseen: bool = False,
    ) -> None:
        """Send due timers of this kind to the handler; a kind has one handler.

        Without a cut, which makes a history faster, it meets what came behind its moment too: it must ask for
        nothing but what bears an earlier moment of the community's clock, or delete what nobody asks for.
        Such timers that also mean nothing to each other may be given `together`, several of a community.

        What a `foreseen` timer would do, a handler of events does when an event passes its moment, and
        moves the timer on. It fires by itself where no event follows, and before others that come later.
        """
        if kind in self.timers:
            raise ValueError(f"timer kind {kind!r} has a handler already")
        self.timers[kind] = to
        if not cuts_history:
            self.uncut.add(kind)
            if together:
                self.together.add(kind)
        if foreseen:
            self.foreseen.add(kind)

    @property
    def topics(self) -> tuple[str, ...]:
        """The topics to read, sorted; the chat and the profiles always, for clocks and zones."""
        wanted = {contract.TOPIC for route in self.routes for contract in route.contracts}
        return tuple(sorted(wanted | {CHAT_EVENTS, COMMUNITY_PROFILES} | self.other_topics))
