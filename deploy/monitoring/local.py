"""Prometheus beside the local stack: `hearth up --monitoring`. Debian's or any other on the PATH.

It reads the services at the ports that they have now, and evaluates the same rules as in a cluster.
"""

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from deploy.local.home import Home
from deploy.local.ports import HOST, choose_port, is_listening
from deploy.local.process import Process, spawn
from deploy.monitoring.rules import groups

PACKAGE = "prometheus"
USUAL_PORT = 9090
START_SECONDS_MAX = 60.0
STOP_SECONDS_MAX = 30.0
KEPT = "15d"


class NoPrometheus(RuntimeError):
    """There is no Prometheus on this machine."""


@dataclass(slots=True)
class PrometheusServer:
    """One Prometheus over one data folder."""

    home: Home
    port: int
    scrape_seconds: float = 5.0
    process: Process | None = field(default=None, init=False)

    @classmethod
    def at(cls, home: Home, *, usual_port: bool = False, scrape_seconds: float = 5.0) -> "PrometheusServer":
        """A server in `home`, nothing started yet."""
        return cls(home, choose_port(USUAL_PORT if usual_port else None), scrape_seconds)

    @property
    def url(self) -> str:
        """Where it answers: its pages for people, `/api/v1` for programs."""
        return f"http://{HOST}:{self.port}"

    @property
    def folder(self) -> Path:
        """Settings and data."""
        return self.home.folder("prometheus")

    def watch(self, services: Mapping[str, str]) -> None:
        """Read these processes from now on: `host:port` of their metrics, by name of the process."""
        targets = [
            {"targets": [address], "labels": {"service": name.partition("-")[0], "instance": name}}
            for name, address in services.items()
        ]
        self._write_targets("targets.json", targets)

    def watch_connectors(self, connectors: Mapping[str, str]) -> None:
        """Read these connectors from now on: `host:port` of their metrics, by name."""
        targets = [
            {"targets": [address], "labels": {"connector": name, "instance": name}}
            for name, address in connectors.items()
        ]
        self._write_targets("connectors.json", targets)

    def _write_targets(self, name: str, targets: Sequence[Mapping[str, object]]) -> None:
        written = self.folder / f"{name}.new"
        written.write_text(json.dumps(targets))
        written.replace(self.folder / name)

    async def start(self) -> Process:
        """Start it and wait until it answers; raises `NoPrometheus` where none is installed."""
        program = shutil.which("prometheus")
        if program is None:
            raise NoPrometheus(
                f"no Prometheus here: install the package `{PACKAGE}`, or go without --monitoring"
            )
        self._write_settings()
        command = [
            program,
            f"--config.file={self.folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={self.folder / 'data'}",
            f"--storage.tsdb.retention.time={KEPT}",
            f"--web.listen-address={HOST}:{self.port}",
        ]
        self.process = spawn("prometheus", command, self.home.log("prometheus"))
        self.home.remember_process("prometheus", self.process.identity.as_state())
        await self.process.until_ready(self._is_ready, START_SECONDS_MAX)
        return self.process

    async def stop(self) -> None:
        """End it in order."""
        if self.process:
            await self.process.stop(STOP_SECONDS_MAX)

    async def _is_ready(self) -> bool:
        return is_listening(self.port)

    def _write_settings(self) -> None:
        often = f"{int(self.scrape_seconds * 1000)}ms"
        settings = {
            "global": {"scrape_interval": often, "scrape_timeout": often, "evaluation_interval": often},
            "rule_files": ["rules.yml"],
            "scrape_configs": [
                {"job_name": job, "file_sd_configs": [{"files": [file], "refresh_interval": "5s"}]}
                for job, file in (("hearth", "targets.json"), ("hearth-connectors", "connectors.json"))
            ],
        }
        (self.folder / "prometheus.yml").write_text(yaml.safe_dump(settings))
        (self.folder / "rules.yml").write_text(yaml.safe_dump({"groups": groups()}, allow_unicode=True))
        if not (self.folder / "targets.json").exists():
            self.watch({})
            self.watch_connectors({})
