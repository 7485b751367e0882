"""The connector's own memory of commands: each is kept from its arrival until its receipt is durable.

SQLite and Postgres run the same statements; moments are milliseconds since 1970, arrivals microseconds.
"""

import asyncio
import sqlite3
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from shared.postgres.connection import Pool
from shared.postgres.pool import open_pool

TABLES = """
    CREATE TABLE IF NOT EXISTS connector_command (
        command_id TEXT PRIMARY KEY,
        ce_type TEXT NOT NULL,
        payload TEXT NOT NULL,
        priority INTEGER NOT NULL,
        arrived_at BIGINT NOT NULL,
        expires_at BIGINT NOT NULL,
        state TEXT NOT NULL,
        attempts INTEGER NOT NULL,
        receipt TEXT,
        finished_at BIGINT
    );
    CREATE INDEX IF NOT EXISTS connector_command_open ON connector_command (priority, arrived_at)
        WHERE state <> 'reported';
    CREATE TABLE IF NOT EXISTS connector_note (name TEXT PRIMARY KEY, content TEXT NOT NULL)
"""
"""A command is `waiting`, `started` (its act is under way, or was when the process died), `done` (its receipt
is to be published) or `reported`. A note is anything small that a connector must not forget."""
ADD = """
    INSERT INTO connector_command
        (command_id, ce_type, payload, priority, arrived_at, expires_at, state, attempts)
    VALUES ($1, $2, $3, $4, $5, $6, 'waiting', 0) ON CONFLICT (command_id) DO NOTHING
"""
WAITING = """
    SELECT command_id, ce_type, payload, priority, expires_at, attempts FROM connector_command
    WHERE state = 'waiting' ORDER BY priority, arrived_at, command_id LIMIT $1
"""
STARTED = """
    SELECT command_id, ce_type, payload, priority, expires_at, attempts FROM connector_command
    WHERE state = 'started' ORDER BY priority, arrived_at, command_id
"""
ONE = """
    SELECT command_id, ce_type, payload, priority, expires_at, attempts, state FROM connector_command
    WHERE command_id = $1
"""
START = """
    UPDATE connector_command SET state = 'started', attempts = attempts + 1
    WHERE command_id = $1 AND state = 'waiting' RETURNING command_id
"""
WAIT_AGAIN = "UPDATE connector_command SET state = 'waiting' WHERE command_id = $1 AND state = 'started'"
FINISH = """
    UPDATE connector_command SET state = 'done', receipt = $2, finished_at = $3
    WHERE command_id = $1 AND state IN ('waiting', 'started') RETURNING command_id
"""
UNREPORTED = """
    SELECT command_id, receipt, finished_at FROM connector_command
    WHERE state = 'done' ORDER BY finished_at, command_id LIMIT $1
"""
REPORTED = "UPDATE connector_command SET state = 'reported' WHERE command_id = $1"
COUNT_WAITING = "SELECT count(*) AS waiting FROM connector_command WHERE state IN ('waiting', 'started')"
FORGET = "DELETE FROM connector_command WHERE state = 'reported' AND expires_at < $1"
NOTE = """
    INSERT INTO connector_note (name, content) VALUES ($1, $2)
    ON CONFLICT (name) DO UPDATE SET content = excluded.content
"""
NOTED = "SELECT content FROM connector_note WHERE name = $1"
NOTES = "SELECT name, content FROM connector_note WHERE substr(name, 1, length($1)) = $1 ORDER BY name"
FORGET_NOTE = "DELETE FROM connector_note WHERE name = $1"


class Kept(NamedTuple):
    """A command that is to be carried out."""

    command_id: str
    ce_type: str
    payload: str
    priority: int
    expires_at: int
    attempts: int


class Finished(NamedTuple):
    """A command whose receipt is to be published; `finished_at` is the receipt's time, so its id stays."""

    command_id: str
    receipt: str
    finished_at: int


class Arrived(NamedTuple):
    """A command as the intake stores it."""

    command_id: str
    ce_type: str
    payload: str
    priority: int
    arrived_at: int
    expires_at: int


class Database(Protocol):
    """Runs statements with `$1` places; what the two kinds of database have in common."""

    async def fetch(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Run one in a transaction of its own; its rows."""

    async def run_many(self, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
        """Run one for each of several rows, all or none."""

    async def create(self, tables: str) -> None:
        """Run statements that are separated by semicolons."""

    async def close(self) -> None:
        """Release it."""


@dataclass(slots=True)
class SqliteDatabase:
    """One file. Every statement runs in one thread of its own, so that the loop never waits for a disk."""

    path: Path
    _connection: sqlite3.Connection = field(init=False)
    _thread: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "command-store"))

    def __post_init__(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(self.path, check_same_thread=False, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode = WAL")
        # An act that was started must be known as started after a power cut too.
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.execute("PRAGMA busy_timeout = 5000")

    async def fetch(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """As `Database`."""
        rows: list[tuple[Any, ...]] = await self._in_thread(
            lambda: self._connection.execute(statement, _named(values)).fetchall()
        )
        return rows

    async def run_many(self, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
        """As `Database`."""

        def run() -> None:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                self._connection.executemany(statement, [_named(row) for row in rows])
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

        await self._in_thread(run)

    async def create(self, tables: str) -> None:
        """As `Database`."""
        await self._in_thread(lambda: self._connection.executescript(tables))

    async def close(self) -> None:
        """As `Database`."""
        await self._in_thread(self._connection.close)
        self._thread.shutdown()

    async def _in_thread(self, work: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)


def _named(values: Sequence[Any]) -> dict[str, Any]:
    """`$1` is a name to SQLite, not a position."""
    return {str(number): value for number, value in enumerate(values, 1)}


@dataclass(slots=True)
class PostgresDatabase:
    """A database or schema of the connector's own."""

    pool: Pool

    @classmethod
    async def at(cls, url: str) -> "PostgresDatabase":
        """Connects when it is first used."""
        return cls(await open_pool(url, "hearth-connector", size_min=0))

    async def fetch(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """As `Database`."""
        return [tuple(row) for row in await self.pool.fetch(statement, *values)]

    async def run_many(self, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
        """As `Database`."""
        async with self.pool.acquire() as connection:
            await connection.executemany(statement, rows)

    async def create(self, tables: str) -> None:
        """As `Database`."""
        async with self.pool.acquire() as connection:
            await connection.execute(tables)

    async def close(self) -> None:
        """As `Database`."""
        await self.pool.close()


@dataclass(slots=True)
class CommandStore:
    """Commands and notes of one connector."""

    database: Database

    @classmethod
    async def open(cls, url: str) -> "CommandStore":
        """`sqlite:/var/lib/hearth/matrix.db` or `postgresql://…`. Makes tables that are missing."""
        database: Database
        if url.startswith("sqlite:"):
            database = SqliteDatabase(Path(url.removeprefix("sqlite:")))
        else:
            database = await PostgresDatabase.at(url)
        await database.create(TABLES)
        return cls(database)

    async def add(self, arrived: Sequence[Arrived]) -> None:
        """Keep commands; those that are known already stay as they are."""
        await self.database.run_many(ADD, arrived)

    async def waiting(self, limit: int) -> list[Kept]:
        """Those to be carried out, the first first."""
        return [Kept(*row) for row in await self.database.fetch(WAITING, limit)]

    async def in_doubt(self) -> list[Kept]:
        """Those that were under way when the last process ended."""
        return [Kept(*row) for row in await self.database.fetch(STARTED)]

    async def find(self, command_id: str) -> tuple[Kept, bool] | None:
        """A command, and whether it has no outcome yet."""
        rows = await self.database.fetch(ONE, command_id)
        return (Kept(*rows[0][:-1]), rows[0][-1] in ("waiting", "started")) if rows else None

    async def start(self, command_id: str) -> bool:
        """Mark that its act begins; False when it is not waiting any more."""
        return bool(await self.database.fetch(START, command_id))

    async def wait_again(self, command_id: str) -> None:
        """The act was not carried out; it may be tried again."""
        await self.database.run_many(WAIT_AGAIN, [(command_id,)])

    async def finish(self, command_id: str, receipt: str, finished_at: int) -> bool:
        """Keep its outcome; False when it has one."""
        return bool(await self.database.fetch(FINISH, command_id, receipt, finished_at))

    async def unreported(self, limit: int) -> list[Finished]:
        """Outcomes whose receipt is not yet durable."""
        return [Finished(*row) for row in await self.database.fetch(UNREPORTED, limit)]

    async def reported(self, command_ids: Sequence[str]) -> None:
        """Their receipts are durable."""
        await self.database.run_many(REPORTED, [(each,) for each in command_ids])

    async def count_waiting(self) -> int:
        """How many have no outcome."""
        return int((await self.database.fetch(COUNT_WAITING))[0][0])

    async def forget(self, expired_before: int) -> None:
        """Delete what was reported and expired before this moment."""
        await self.database.run_many(FORGET, [(expired_before,)])

    async def note(self, name: str, content: str) -> None:
        """Keep a small text under a name."""
        await self.database.run_many(NOTE, [(name, content)])

    async def noted(self, name: str) -> str | None:
        """What was kept under a name."""
        rows = await self.database.fetch(NOTED, name)
        return str(rows[0][0]) if rows else None

    async def notes(self, prefix: str) -> dict[str, str]:
        """All notes whose name begins so, by the rest of their name."""
        rows = await self.database.fetch(NOTES, prefix)
        return {str(name).removeprefix(prefix): str(content) for name, content in rows}

    async def forget_note(self, name: str) -> None:
        """Delete a note."""
        await self.database.run_many(FORGET_NOTE, [(name,)])

    async def close(self) -> None:
        """Release the database."""
        await self.database.close()
