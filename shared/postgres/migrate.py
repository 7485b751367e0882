"""Migrations: the engine's and a service's numbered SQL files, applied in order in the service's own schema.

Each `NNNN_name.sql` in `shared/engine/migrations` and `services/<service>/migrations` is a forward-only step.
Alembic keeps the history (`alembic_version` in the schema); the engine's steps run before the service's.
Run by the schema's owner: `MIGRATION_DATABASE_URL=… python -m shared.postgres.migrate <service>`.
"""

import os
import re
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from alembic import command, context, op
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, NullPool, create_engine, make_url, text
from sqlalchemy.exc import DBAPIError

REPOSITORY = Path(__file__).resolve().parents[2]
ENGINE = "engine"
FILE_NAME = re.compile(r"(\d{4})_\w+\.sql")
VERSION_TABLE = "alembic_version"
QUEUE_TIMEOUT = "120s"
LOCK_TIMEOUT = "10s"

ENVIRONMENT = 'from alembic import context\ncontext.config.attributes["run"]()\n'
REVISION = """\
from shared.postgres.migrate import apply
revision, down_revision, branch_labels, depends_on = {id!r}, {before!r}, {labels!r}, None
def upgrade():
    apply({path!r})
"""
WITHOUT_PARAMETERS = {"no_parameters": True}
# Alembic's context belongs to the process, not to the thread.
_turn = threading.Lock()

# Default privileges give the application role every table's rows; the history is none of its business.
PROTECT_HISTORY = f"""
    DO $$ DECLARE stranger text; BEGIN
        FOR stranger IN
            SELECT DISTINCT grantee FROM information_schema.role_table_grants
            WHERE table_schema = current_schema AND table_name = '{VERSION_TABLE}'
              AND grantee <> current_user AND privilege_type <> 'SELECT'
        LOOP
            EXECUTE format('REVOKE INSERT, UPDATE, DELETE ON {VERSION_TABLE} FROM %I', stranger);
        END LOOP;
    END $$
"""  # noqa: S608 - a constant


class MigrationFailed(RuntimeError):
    """Postgres refused a step; the message names the file and Postgres's reason."""


@dataclass(frozen=True, slots=True)
class Step:
    """One SQL file in its branch's order."""

    id: str
    before: str | None
    branch: str
    path: Path


def migrate(service: str, owner_url: str) -> list[str]:
    """Bring the service's schema to the newest version; returns the ids of the steps that it applied.

    Blocking (from a coroutine: `asyncio.to_thread`). Concurrent runs wait for each other. All steps commit
    together or not at all.
    """
    engine = create_engine(make_url(owner_url).set(drivername="postgresql+psycopg"), poolclass=NullPool)
    with _turn, engine.connect() as connection, connection.begin(), tempfile.TemporaryDirectory() as folder:
        _take_turn(connection, service)
        known = _heads(connection, service)
        steps = [*steps_of(ENGINE), *steps_of(service)]
        config = _config(Path(folder), steps, connection, service)
        for branch in dict.fromkeys(step.branch for step in steps):
            command.upgrade(config, f"{branch}@head")
        connection.exec_driver_sql(PROTECT_HISTORY, execution_options=WITHOUT_PARAMETERS)
        return _applied(steps, known)


def apply(path: str) -> None:
    """Run one step's statements; called by Alembic."""
    statements = Path(path).read_text(encoding="utf-8")
    try:
        op.get_bind().exec_driver_sql(statements, execution_options=WITHOUT_PARAMETERS)
    except DBAPIError as error:
        raise MigrationFailed(f"{path}: {error.orig}") from error


def steps_of(branch: str) -> list[Step]:
    """The engine's or a service's steps, in order; none for a service without tables of its own."""
    steps: list[Step] = []
    for path in sorted(_folder(branch).glob("*.sql")):
        match = FILE_NAME.fullmatch(path.name)
        if match is None:
            raise ValueError(f"{path} is not named NNNN_name.sql")
        identity = f"{branch}_{match.group(1)}"
        if steps and steps[-1].id == identity:
            raise ValueError(f"{path} has the number of {steps[-1].path.name}")
        steps.append(Step(identity, steps[-1].id if steps else None, branch, path))
    return steps


def _folder(branch: str) -> Path:
    owner = Path("shared") if branch == ENGINE else Path("services")
    return REPOSITORY / owner / branch / "migrations"


def _take_turn(connection: Connection, service: str) -> None:
    for name, value in (("lock_timeout", QUEUE_TIMEOUT), ("search_path", service)):
        connection.execute(text("SELECT set_config(:name, :value, true)"), {"name": name, "value": value})
    connection.execute(text("SELECT pg_advisory_xact_lock(hashtext(:key))"), {"key": f"migrate {service}"})
    connection.execute(text("SELECT set_config('lock_timeout', :value, true)"), {"value": LOCK_TIMEOUT})


def _heads(connection: Connection, service: str) -> frozenset[str]:
    return frozenset(
        MigrationContext.configure(connection, opts={"version_table_schema": service}).get_current_heads()
    )


def _applied(steps: list[Step], known: frozenset[str]) -> list[str]:
    """Those after the heads that were known before."""

    def fresh(branch: str) -> Iterator[str]:
        ids = [step.id for step in steps if step.branch == branch]
        done = max((ids.index(head) + 1 for head in known if head in ids), default=0)
        yield from ids[done:]

    return [id for branch in dict.fromkeys(step.branch for step in steps) for id in fresh(branch)]


def _config(folder: Path, steps: list[Step], connection: Connection, service: str) -> Config:
    """Alembic's view of the SQL files: one small generated revision for each."""
    versions = folder / "versions"
    versions.mkdir()
    (folder / "env.py").write_text(ENVIRONMENT)
    for step in steps:
        labels = None if step.before else (step.branch,)
        source = REVISION.format(id=step.id, before=step.before, labels=labels, path=str(step.path))
        (versions / f"{step.id}.py").write_text(source)
    config = Config()
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.attributes["run"] = lambda: _run(connection, service)
    return config


def _run(connection: Connection, service: str) -> None:
    context.configure(connection=connection, version_table=VERSION_TABLE, version_table_schema=service)
    with context.begin_transaction():
        context.run_migrations()


def main(arguments: list[str]) -> None:
    """Migrate the named services."""
    url = os.environ.get("MIGRATION_DATABASE_URL")
    if not arguments or not url:
        sys.exit("usage: MIGRATION_DATABASE_URL=postgresql://… python -m shared.postgres.migrate SERVICE …")
    for service in arguments:
        applied = migrate(service, url)
        print(f"{service}: {', '.join(applied) if applied else 'already at the newest version'}")


if __name__ == "__main__":
    main(sys.argv[1:])
