"""Kafka's classes as the JVM likes them: one archive, made once, halves each start and its CPU time."""

import asyncio
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from deploy.local import kafka_jars
from deploy.local.home import Home
from deploy.local.java import find_java
from deploy.local.kafka import KafkaServer

NEEDS_JAVA = 13
"""The first release that writes an archive when the JVM ends."""


def ensure(say: Callable[[str], None]) -> None:
    """Make the archive by starting and stopping a broker on an empty folder; a failure costs only speed."""
    java, archive = find_java(), kafka_jars.archive()
    if archive.exists() or java is None or java.version < NEEDS_JAVA:
        return
    with kafka_jars.exclusively(archive.parent.parent / ".lock"):
        if not archive.exists():
            say("preparing Kafka for quick starts, once")
            _make(archive)


def _make(archive: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="hearth-warmup-") as folder:
        made = Path(folder) / archive.name
        server = KafkaServer.at(Home(Path(folder)))
        server.options = (f"-XX:ArchiveClassesAtExit={made}",)
        try:
            asyncio.run(_start_and_stop(server))
        except (OSError, RuntimeError, subprocess.SubprocessError):
            return
        if made.exists():
            partial = archive.with_suffix(".partial")
            partial.write_bytes(made.read_bytes())
            partial.rename(archive)


async def _start_and_stop(server: KafkaServer) -> None:
    try:
        await server.start()
    finally:
        await server.stop()
