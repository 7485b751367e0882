"""Keeps the fact of every event and adds it to the roll-ups."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from services.reporting import metrics
from services.reporting.domain.fact import Fact
from services.reporting.domain.roll_up import roll_up
from services.reporting.domain.threads import merged, voices_of
from services.reporting.handlers.read_facts import read_facts
from services.reporting.store.facts import add_facts, add_roll_up
from services.reporting.store.threads import load_threads, save_threads
from shared.engine import Event, UnitOfWork
from shared.postgres.connection import Connection


@dataclass(frozen=True, slots=True)
class RecordFacts:
    """One handler for all types: roll-ups take sums and extremes, so no order between topics matters."""

    async def __call__(self, batch: Sequence[Event[Any]], work: UnitOfWork) -> None:
        """Keep what is not known yet and add it up; announces nothing."""
        facts = read_facts(batch)
        fresh = await add_facts(work.connection, facts)
        metrics.KNOWN_FACTS.inc(len(facts) - len(fresh))
        if fresh:
            added = roll_up(fresh, _names(batch))
            await add_roll_up(work.connection, added)
            await _add_threads(fresh, work.connection)
            metrics.count_roll_up(added)


def _names(batch: Sequence[Event[Any]]) -> dict[str, str]:
    """What members were called, by event."""
    return {event.id: name for event in batch if (name := getattr(event.data, "member_name", None))}


async def _add_threads(facts: Sequence[Fact], connection: Connection) -> None:
    heard = voices_of(facts)
    if heard and (changed := merged(await load_threads(connection, heard), heard)):
        await save_threads(connection, changed)
