"""Brings the facts of months up to date with a batch."""

from services.rewards import metrics
from services.rewards.domain.facts import FactChanges
from services.rewards.store.facts import save_facts
from shared.engine import UnitOfWork


async def count(work: UnitOfWork, changes: FactChanges) -> None:
    """Save the changes; messages and check-ins that they speak of must be saved before."""
    await save_facts(work.connection, changes)
    metrics.LATE_FACTS.inc(sum(changes.late.values()))
