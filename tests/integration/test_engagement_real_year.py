"""Warm-ups on the real year's first weeks: every limit holds, and pauses that end themselves are let be."""

from pathlib import Path

from shared.postgres.pool import open_pool
from tests.engagement_world import MakeDatabase
from tests.quality.engagement_year import broken_limits, read

EVENTS = 16_000
"""Five weeks: the first is learned from."""
RESUMED_MAX = 0.15


async def test_on_real_weeks_no_limit_is_broken_and_few_spells_end_by_themselves(
    service_database: MakeDatabase, real_data: Path
) -> None:
    database = await service_database("engagement")
    async with await open_pool(database.app_url, "year", size_min=1, size_max=3) as pool:
        year = await read(pool, EVENTS)
        assert await broken_limits(year.world) == []
        rows = await year.world.rows("SELECT messages FROM cold_spell WHERE measured_at IS NOT NULL")
        sent = await year.world.said("warmup")
        await pool.release(year.world.bench.connection)  # type: ignore[arg-type]
    resumed = sum(row["messages"] > 0 for row in rows) / len(rows)
    print(f"{len(rows)} spells measured, {len(sent)} warm-ups sent, {resumed:.1%} ended by themselves")
    assert len(rows) > 50
    assert len(sent) > 40
    assert resumed <= RESUMED_MAX
