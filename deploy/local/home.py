"""The folder of a local stack: where its data, logs, secrets and state are."""

import json
import os
import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]
SECRET_BYTES = 24


@dataclass(frozen=True, slots=True)
class Home:
    """One stack's folder. Anybody may enter it (Postgres runs as another user), but not its secrets."""

    root: Path

    @property
    def logs(self) -> Path:
        """One file per process."""
        return self._folder("logs")

    @property
    def state_path(self) -> Path:
        """Addresses and process ids of what runs now."""
        return self.root / "state.json"

    def folder(self, name: str) -> Path:
        """A subfolder, made on demand."""
        return self._folder(name)

    def log(self, name: str) -> Path:
        """The log file of a process."""
        return self.logs / f"{name}.log"

    def secret(self, name: str) -> str:
        """The secret of this name, invented at the first call and kept in a file only the owner reads."""
        path = self._folder("secrets", mode=0o700) / name
        if not path.exists():
            write_private(path, secrets.token_urlsafe(SECRET_BYTES))
        return path.read_text()

    def state(self) -> dict[str, Any]:
        """What the last `up` wrote; empty when there is none or it is unreadable."""
        try:
            found = json.loads(self.state_path.read_text())
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def write_state(self, state: Mapping[str, Any]) -> None:
        """Replace the state in one step; the file holds passwords, so only the owner reads it."""
        self._folder("")
        write_private(self.state_path, json.dumps(state, indent=2) + "\n")

    def remember_process(self, name: str, identity: Mapping[str, Any]) -> None:
        """Note a process, so that a later command can find and end it."""
        state = self.state()
        self.write_state({**state, "processes": {**state.get("processes", {}), name: identity}})

    def forget_state(self) -> None:
        """Nothing runs any more."""
        self.state_path.unlink(missing_ok=True)

    def _folder(self, name: str, mode: int = 0o755) -> Path:
        self.root.mkdir(mode=0o755, parents=True, exist_ok=True)
        path = self.root / name
        path.mkdir(mode=mode, exist_ok=True)
        return path


def default_home() -> Home:
    """`HEARTH_HOME`, else `.hearth` beside the code."""
    return Home(Path(os.environ.get("HEARTH_HOME") or REPOSITORY / ".hearth").absolute())


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    os.replace(temporary, path)
