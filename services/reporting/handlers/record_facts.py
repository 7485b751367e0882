"""Keeps the fact of every event and adds it to its day."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from services.reporting import metrics
from services.reporting.domain.roll_up import roll_up
from services.reporting.handlers.read_facts import read_facts
from services.reporting.store import add_facts, add_roll_up
from shared.engine import Event, UnitOfWork


@dataclass(frozen=True, slots=True)
class RecordFacts:
    """One handler for all types: a day's roll-up takes sums, so no order between topics matters."""

    async def __call__(self, batch: Sequence[Event[Any]], work: UnitOfWork) -> None:
        """Keep what is not known yet and add it up; announces nothing."""
        facts = read_facts(batch)
        fresh = await add_facts(work.connection, facts)
        metrics.KNOWN_FACTS.inc(len(facts) - len(fresh))
        if fresh:
            added = roll_up(fresh)
            await add_roll_up(work.connection, added)
            metrics.count_roll_up(added)
