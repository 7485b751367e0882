"""Counts the communities and who is about in them, for Prometheus; every replica tells the same numbers."""

from services.reporting import metrics
from services.reporting.store.census import census
from shared.postgres.connection import Pool


async def take_census(pool: Pool) -> None:
    """Set the gauges."""
    async with pool.acquire() as connection:
        counts = {each.mode: each for each in await census(connection)}
    for clock in metrics.CLOCKS:
        metrics.COMMUNITIES.labels(clock).set(counts[clock].communities if clock in counts else 0)
    metrics.COMMUNITIES_ACTIVE.set(sum(each.active for each in counts.values()))
    metrics.MEMBERS_ACTIVE.set(sum(each.members for each in counts.values()))
