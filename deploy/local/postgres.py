"""A real Postgres over its own data folder, on its own port, never as root and always with fsync."""

import asyncio
import contextlib
import os
import signal
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg

from deploy.local.account import Account, server_account
from deploy.local.home import Home
from deploy.local.outside import outside_folder
from deploy.local.ports import HOST, choose_port
from deploy.local.postgres_binaries import VERSION_MIN, Binaries, find, within_reach
from deploy.local.process import Process, StartFailed, spawn

USUAL_PORT = 5432
DATABASE = "hearth"
ADMIN = "hearth_admin"
START_SECONDS_MAX = 60.0
STOP_SECONDS_MAX = 60.0
# What a server says whose killed predecessor's children still live.
NOT_YET = ("pre-existing shared memory block", "lock file")

SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "512MB",
    "effective_cache_size": "4GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "256MB",
    "random_page_cost": "1.1",
    "fsync": "on",
    "synchronous_commit": "on",
    "wal_compression": "on",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "checkpoint_completion_target": "0.9",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
    "log_line_prefix": "%m [%p] %a %u@%d ",
}


@dataclass(slots=True)
class PostgresServer:
    """One server on a fixed port over one data folder; it can be stopped, killed, frozen, started again."""

    home: Home
    port: int
    account: Account | None = field(default_factory=server_account)
    settings: Mapping[str, str] = field(default_factory=dict)
    """Added to `SETTINGS`, or in their place."""
    process: Process | None = field(default=None, init=False)

    @classmethod
    def at(cls, home: Home, usual_port: int | None = None) -> "PostgresServer":
        """A server in `home` on the usual port, or on a spare one."""
        return cls(home, choose_port(usual_port))

    @property
    def admin_url(self) -> str:
        """The superuser's address of the database `hearth`."""
        return self.url(DATABASE)

    def url(self, database: str) -> str:
        """The superuser's address of another database of this server."""
        return f"postgresql://{ADMIN}:{self.home.secret('postgres-admin')}@{HOST}:{self.port}/{database}"

    async def start(self) -> Process:
        """Make the data folder once, start the server, wait until it answers, make the database once."""
        folder = self._folder()
        binaries = await asyncio.to_thread(self._binaries, folder / "data")
        await asyncio.to_thread(self._initialise_once, binaries, folder)
        await self._start_patiently(binaries, folder / "data")
        await self._create_database_once()
        assert self.process is not None
        return self.process

    async def stop(self) -> None:
        """End sessions, write a checkpoint, stop ("fast" shutdown)."""
        if self.process:
            await self.process.stop(STOP_SECONDS_MAX)

    async def stop_immediately(self) -> None:
        """Stop without a checkpoint, as a crash does; the next start recovers from the log."""
        if self.process and self.process.returncode is None:
            self.process.popen.send_signal(signal.SIGQUIT)
            await asyncio.to_thread(self.process.popen.wait)

    def kill(self) -> None:
        """`kill -9` of the main process; its children notice by themselves."""
        if self.process:
            self.process.kill()

    def freeze(self) -> None:
        """Stop the server and all its sessions in place."""
        if self.process:
            self.process.freeze()

    def thaw(self) -> None:
        """Let it run on."""
        if self.process:
            self.process.thaw()

    def _folder(self) -> Path:
        inside = self.home.folder("")
        parent = inside if not self.account or self.account.can_enter(inside) else outside_folder(self.home)
        folder = parent / "postgres"
        if not folder.exists():
            folder.mkdir(mode=0o700)
            if self.account:
                os.chown(folder, self.account.uid, self.account.gid)
        return folder

    def _binaries(self, data: Path) -> Binaries:
        made_by = data / "PG_VERSION"
        wanted = int(made_by.read_text()) if made_by.exists() else None
        binaries = find(self.account, wanted)
        if binaries:
            return within_reach(binaries, self.home, self.account)
        which = f"version {wanted} (which made {data})" if wanted else f"version {VERSION_MIN} or newer"
        raise RuntimeError(f"no Postgres programs of {which}: see `hearth doctor`")

    def _initialise_once(self, binaries: Binaries, folder: Path) -> None:
        data = folder / "data"
        if (data / "PG_VERSION").exists():
            return
        with _password_file(folder, self.home.secret("postgres-admin"), self.account) as password_file:
            command: list[str | Path] = [
                binaries.folder / "initdb",
                "--pgdata",
                data,
                "--username",
                ADMIN,
                "--no-locale",
            ]
            command += ["--encoding", "UTF8", "--auth", "scram-sha-256", "--pwfile", password_file]
            log = self.home.log("initdb")
            made = spawn("initdb", command, log, folder=folder, user=self._user).popen.wait(START_SECONDS_MAX)
        if made != 0:
            raise RuntimeError(f"initdb failed:\n{log.read_text()[-2000:]}")

    async def _start_patiently(self, binaries: Binaries, data: Path) -> None:
        deadline = time.monotonic() + START_SECONDS_MAX
        settings = [
            part
            for name, value in {**SETTINGS, **self.settings}.items()
            for part in ("-c", f"{name}={value}")
        ]
        command: list[str | Path] = [
            binaries.folder / "postgres",
            "-D",
            data,
            "-p",
            str(self.port),
            *settings,
        ]
        while True:
            self.process = spawn(
                "postgres",
                command,
                self.home.log("postgres"),
                folder=data,
                user=self._user,
                stop_signal=signal.SIGINT,
            )
            self.home.remember_process("postgres", self.process.identity.as_state())
            try:
                return await self.process.until_ready(self._answers, START_SECONDS_MAX)
            except StartFailed as failed:
                if not any(sign in str(failed) for sign in NOT_YET) or time.monotonic() > deadline:
                    raise
                await asyncio.sleep(0.2)

    @property
    def _user(self) -> tuple[int, int] | None:
        return (self.account.uid, self.account.gid) if self.account else None

    async def _answers(self) -> bool:
        try:
            connection = await asyncpg.connect(self.url("postgres"), timeout=5)
        except (OSError, asyncpg.PostgresError, TimeoutError):
            return False
        await connection.close()
        return True

    async def _create_database_once(self) -> None:
        connection = await asyncpg.connect(self.url("postgres"))
        try:
            if not await connection.fetchval("SELECT true FROM pg_database WHERE datname = $1", DATABASE):
                await connection.execute(f"CREATE DATABASE {DATABASE}")
        finally:
            await connection.close()


@contextlib.contextmanager
def _password_file(folder: Path, password: str, account: Account | None) -> Iterator[str]:
    """The password in a file that only Postgres's user reads, for as long as initdb needs it."""
    descriptor, name = tempfile.mkstemp(dir=folder)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(password)
        if account:
            os.chown(name, account.uid, account.gid)
        yield name
    finally:
        os.unlink(name)
