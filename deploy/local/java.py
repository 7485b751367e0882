"""Java on this machine: where it is and whether it is new enough for Kafka."""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

JAVA_MIN = 17


@dataclass(frozen=True, slots=True)
class Java:
    """A Java launcher and its feature release, e.g. 17."""

    path: Path
    version: int

    @property
    def suffices(self) -> bool:
        """Whether Kafka runs on it."""
        return self.version >= JAVA_MIN


def find_java() -> Java | None:
    """`JAVA_HOME`'s, else the one on the PATH."""
    home = os.environ.get("JAVA_HOME")
    candidates = [str(Path(home) / "bin" / "java")] if home else []
    for candidate in [*candidates, "java"]:
        found = shutil.which(candidate)
        version = _version(found) if found else None
        if found and version:
            return Java(Path(found), version)
    return None


def _version(java: str) -> int | None:
    try:
        result = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=30, check=False)
    except OSError:
        return None
    match = re.search(r'version "(\d+)', result.stderr + result.stdout)
    return int(match.group(1)) if match else None
