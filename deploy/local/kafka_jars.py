"""Kafka's jars: fetched by Maven once, kept below `.hearth/kafka`, shared by every stack of this checkout."""

import fcntl
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.local.home import default_home

POM = Path(__file__).parent / "kafka" / "pom.xml"
DOWNLOAD_SECONDS_MAX = 900


def version() -> str:
    """The Kafka release that the pom names."""
    match = re.search(r"<kafka\.version>([\d.]+)<", POM.read_text())
    assert match, f"{POM} names no kafka.version"
    return match.group(1)


def folder() -> Path:
    """Where the jars are, or will be. `HEARTH_CACHE` moves them, e.g. to share them between checkouts."""
    cache = os.environ.get("HEARTH_CACHE")
    return (Path(cache) if cache else default_home().root / "kafka") / f"libs-{version()}"


def archive() -> Path:
    """Where the archive of loaded classes is, or will be."""
    return folder() / "classes.jsa"


def ensure() -> Path:
    """The folder with the jars; fetches them when they are not there. One process fetches, others wait."""
    target = folder()
    if target.is_dir():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with exclusively(target.parent / ".lock"):
        if not target.is_dir():
            _fetch(target)
    return target


def _fetch(target: Path) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise RuntimeError("Maven (mvn) is missing: see `hearth doctor`")
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".fetch-") as temporary:
        copy = Path(temporary) / "libs"
        command = [
            maven,
            "-B",
            "-q",
            "-f",
            str(POM),
            "dependency:copy-dependencies",
            f"-DoutputDirectory={copy}",
        ]
        result = subprocess.run(
            command, capture_output=True, text=True, timeout=DOWNLOAD_SECONDS_MAX, check=False
        )
        if result.returncode != 0 or not list(copy.glob(f"kafka_*-{version()}.jar")):
            raise RuntimeError(
                f"Maven could not fetch Kafka's jars:\n{(result.stdout + result.stderr)[-2000:]}"
            )
        copy.rename(target)


@contextmanager
def exclusively(lock: Path) -> Iterator[None]:
    """Hold a lock file against other processes."""
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
