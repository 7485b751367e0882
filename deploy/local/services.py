"""Hearth's services as processes of the local stack."""

import asyncio
import sys
from collections.abc import Mapping
from dataclasses import dataclass

import httpx

from deploy.local.home import REPOSITORY, Home
from deploy.local.ports import HOST, choose_port
from deploy.local.process import Process, spawn

START_SECONDS_MAX = 120.0
STOP_SECONDS_MAX = 60.0
PROBE_SECONDS_MAX = 2.0
USUAL_PORTS = {
    "moderation": (8101, 9101),
    "engagement": (8102, 9102),
    "rewards": (8103, 9103),
    "reporting": (8104, 9104),
}
"""API and metrics."""


@dataclass(slots=True)
class ServiceProcess:
    """One running replica of a service."""

    name: str
    """The service's name, for further replicas with a number: `moderation-2`."""
    api_port: int
    metrics_port: int
    environment: Mapping[str, str]
    process: Process

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.process.pid

    @property
    def token(self) -> str:
        """What requests must carry."""
        return self.environment["API_TOKEN"]

    @property
    def api_url(self) -> str:
        """Base address of its HTTP API; requests need `Authorization: Bearer <token>`."""
        return f"http://{HOST}:{self.api_port}"

    @property
    def metrics_url(self) -> str:
        """Its Prometheus metrics."""
        return f"http://{HOST}:{self.metrics_port}/metrics"

    @property
    def returncode(self) -> int | None:
        """None while it runs."""
        return self.process.returncode

    async def until_ready(self, timeout_seconds: float = START_SECONDS_MAX) -> None:
        """Wait for `/readyz`; `StartFailed` with its last log lines when it ends or takes too long."""
        await self.process.until_ready(self._is_ready, timeout_seconds)

    async def stop(self) -> int:
        """SIGTERM, a graceful drain, and the exit code."""
        return await self.process.stop(STOP_SECONDS_MAX)

    def kill(self) -> None:
        """`kill -9`."""
        self.process.kill()

    def freeze(self) -> None:
        """SIGSTOP: alive, but does nothing."""
        self.process.freeze()

    def thaw(self) -> None:
        """SIGCONT."""
        self.process.thaw()

    async def _is_ready(self) -> bool:
        try:
            async with httpx.AsyncClient(timeout=PROBE_SECONDS_MAX, trust_env=False) as client:
                return (await client.get(f"{self.api_url}/readyz")).is_success
        except httpx.HTTPError:
            return False


def spawn_service(
    home: Home,
    service: str,
    replica: int,
    environment: Mapping[str, str],
    usual_ports: bool = False,
) -> ServiceProcess:
    """Start `python -m services.<service>` with this environment; its ports and token are added to it."""
    name = service if replica == 1 else f"{service}-{replica}"
    api_port, metrics_port = _ports(service, usual_ports and replica == 1, environment)
    full = {
        "API_TOKEN": home.secret("api-token"),
        "PYTHONUNBUFFERED": "1",
        **environment,
        "API_PORT": str(api_port),
        "METRICS_PORT": str(metrics_port),
    }
    command = [sys.executable, "-m", f"services.{service}"]
    process = spawn(name, command, home.log(name), environment=full, folder=REPOSITORY)
    home.remember_process(name, process.identity.as_state())
    return ServiceProcess(name, api_port, metrics_port, full, process)


def _ports(service: str, usual: bool, environment: Mapping[str, str]) -> tuple[int, int]:
    """Those that `environment` names, else the usual ones where wanted and free, else spare ones."""
    api, metrics = USUAL_PORTS.get(service, (None, None)) if usual else (None, None)
    api_port = int(environment.get("API_PORT") or choose_port(api))
    return api_port, int(environment.get("METRICS_PORT") or choose_port(metrics, frozenset({api_port})))


async def stop_all(services: list[ServiceProcess]) -> list[int]:
    """Stop several at once; their exit codes."""
    return await asyncio.gather(*(service.stop() for service in services))
