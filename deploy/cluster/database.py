"""Prepares a cluster's database: roles, schemas, migrations. A Job runs `python -m deploy.cluster.database`.

Reads the address of one who may create roles (`DATABASE_URL`, or the file that `DATABASE_URL_FILE` names)
and the folder `ROLE_PASSWORDS` with one file per role. May be repeated: new passwords take effect.
"""

import asyncio
import os
import sys
from collections.abc import Mapping
from pathlib import Path

import asyncpg
from sqlalchemy.exc import DBAPIError

from deploy.local.prepare import password_variables, prepare_database
from shared.observability.failures import describe
from shared.postgres.migrate import MigrationFailed


class CannotPrepare(Exception):
    """Something is missing or refused; the message is one sentence."""


def administrator(environment: Mapping[str, str]) -> str:
    """The address of one who may create roles."""
    if path := environment.get("DATABASE_URL_FILE"):
        return _read(Path(path))
    if url := environment.get("DATABASE_URL"):
        return url
    raise CannotPrepare("DATABASE_URL is missing: set it, or DATABASE_URL_FILE to the file that holds it")


def passwords(environment: Mapping[str, str]) -> dict[str, str]:
    """Each role's password."""
    folder = environment.get("ROLE_PASSWORDS")
    if not folder:
        raise CannotPrepare("ROLE_PASSWORDS is missing: set it to the folder with a file for each role")
    found = {role: Path(folder) / role for role in password_variables()}
    if absent := sorted(role for role, path in found.items() if not path.is_file()):
        raise CannotPrepare(f"{folder} has no file {', '.join(absent)}")
    read = {role: _read(path) for role, path in found.items()}
    if empty := sorted(role for role, password in read.items() if not password):
        raise CannotPrepare(f"{folder} has an empty file {', '.join(empty)}")
    return read


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise CannotPrepare(f"{path} is unreadable: {type(error).__name__}") from None


def main() -> None:
    """Prepare what the environment names; exit code 1 and one sentence when it cannot be done."""
    try:
        asyncio.run(prepare_database(administrator(os.environ), passwords(os.environ)))
    except (CannotPrepare, MigrationFailed) as error:
        sys.exit(f"cannot prepare the database: {' '.join(str(error).split())}")
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        sys.exit(f"cannot prepare the database: {describe(error)}")
    except DBAPIError as error:
        sys.exit(f"cannot prepare the database: {' '.join(str(error.orig).split())}")


if __name__ == "__main__":
    main()
