"""A clean community under all shipped rules and handlers: hardly a message is touched."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from tests.quality.clean_year import FLAGGED_MAX, clean_year
from tests.servers import ServiceDatabase

LINES = 20_000
"""`make quality ARGS="--only community"` takes the whole year."""


async def test_of_a_clean_community_enforced_rules_touch_at_most_one_in_a_thousand(
    real_data: Path, service_database: Callable[[str], Awaitable[ServiceDatabase]]
) -> None:
    report = await clean_year(real_data, await service_database("moderation"), lambda done, note: None, LINES)
    for line in (*report.figures, *report.lines):
        print(line)
    assert report.figures[0].value <= FLAGGED_MAX
