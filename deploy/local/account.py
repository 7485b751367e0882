"""The account that Postgres runs as: ourselves, or an ordinary user when we are root."""

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

OWN_ACCOUNT = "hearth"


@dataclass(frozen=True, slots=True)
class Account:
    """A user of this machine."""

    name: str
    uid: int
    gid: int

    def can_enter(self, folder: Path) -> bool:
        """Whether this user may pass through the folder and all above it."""
        result = subprocess.run(
            ["/bin/sh", "-c", 'cd "$0"', str(folder)],
            user=self.uid,
            group=self.gid,
            extra_groups=[],
            capture_output=True,
            check=False,
        )
        return result.returncode == 0


def server_account() -> Account | None:
    """Whom Postgres runs as: None (ourselves) unless we are root, as Postgres refuses to run as root.

    As root: `HEARTH_POSTGRES_USER`, an existing `postgres`, our own `hearth` (made on demand), or `nobody`.
    """
    if os.geteuid() != 0:
        return None
    wanted = os.environ.get("HEARTH_POSTGRES_USER")
    for name in [wanted] if wanted else ["postgres", OWN_ACCOUNT]:
        if found := _lookup(name):
            return found
    if wanted:
        raise RuntimeError(f"HEARTH_POSTGRES_USER names {wanted!r}, which is no user of this machine")
    _create(OWN_ACCOUNT)
    found = _lookup(OWN_ACCOUNT) or _lookup("nobody")
    if found is None:
        raise RuntimeError(
            "Postgres does not run as root: create an ordinary user, name it in HEARTH_POSTGRES_USER"
        )
    return found


def _lookup(name: str) -> Account | None:
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    return Account(name, entry.pw_uid, entry.pw_gid) if entry.pw_uid != 0 else None


def _create(name: str) -> None:
    useradd = shutil.which("useradd") or shutil.which("useradd", path="/usr/sbin:/sbin")
    if useradd:
        command = [
            useradd,
            "--system",
            "--user-group",
            "--no-create-home",
            "--shell",
            "/usr/sbin/nologin",
            name,
        ]
        subprocess.run(command, capture_output=True, check=False)
