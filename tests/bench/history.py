"""The history that is measured: the real year, or as many simulated months."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from itertools import islice
from zoneinfo import ZoneInfo

from rich.console import Console

from connectors.imports.history import History
from connectors.imports.jsonl import JsonLines
from connectors.imports.reading import Parsed, Reading
from deploy.local.home import REPOSITORY
from tools.simulator.community import Settings, simulate

YEAR = REPOSITORY.parent / "shared" / "data" / "community-2024.jsonl.gz"
console = Console(stderr=True)


def history(limit: int | None) -> Iterable[Parsed]:
    """The real year, or as many simulated months."""
    if YEAR.exists():
        return islice(
            History(JsonLines(), [YEAR], Reading("lean", ZoneInfo("UTC"), datetime.now(UTC))).events(), limit
        )
    console.print(f"[yellow]REAL DATA MISSING: no {YEAR}; simulated months are used instead")
    months = (simulate(Settings("lean", date(2024, month, 1), 28, seed=month)) for month in range(1, 11))
    return islice((event for month in months for event in month), limit)
