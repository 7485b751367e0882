"""The engine's numbers, each with its reason."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """Limits of one service's engine."""

    max_records: int = 4000
    """Records of one poll: more share a batch's own cost, but after a crash as many go in small steps."""
    transactions_at_once: int = 4
    """The lanes of a poll share that many: one alone waits for Postgres, one a lane commits too often."""
    batch_timeout_ms: int = 25
    """An empty poll sleeps this once more."""
    session_timeout_ms: int = 15_000
    """How long after its death a member keeps its lanes from the others."""
    dedup_horizon: timedelta = timedelta(days=7)
    """A live community's older chat events are dead letters: a repeat of one could not be told any more."""
    future_limit: timedelta = timedelta(minutes=5)
    retry_seconds_max: float = 20.0
    """How long a batch is tried again in place before its lanes seek back; far below the poll interval."""
    tick_seconds: float = 0.25
    snapshot_seconds: float = 1.0
    """How often the ends of the log are asked for: they give lag and the live lanes' clock."""
    progress_seconds: float = 1.0
    idle_progress_seconds: float = 10.0
    alone_records: int = 200
    """After an unclean death a lane takes this many records one by one, each noted before it is tried."""
    careful_records: int = 10
    """Then it goes on in noted steps of this many, for one poll's worth of records."""
    breaker_row: int = 50
    breaker_window: int = 1000
    breaker_share: float = 0.10
    stalled_seconds: float = 60.0
    relay_rows_max: int = 1000
    relay_poll_seconds: float = 0.25
    relay_lease_seconds: float = 10.0
    upkeep_seconds: float = 600.0
