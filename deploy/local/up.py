"""`hearth up` and `hearth down`: one supervisor per home folder, its state file, and a clean end."""

import asyncio
import fcntl
import os
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import IO, Any

from deploy.local.follower import Follower
from deploy.local.home import Home
from deploy.local.ports import HOST
from deploy.local.process import Identity, Process, end
from deploy.local.roles import SERVICES
from deploy.local.stack import LocalStack
from deploy.local.supervisor import Part, Say, Supervisor
from deploy.monitoring.local import PrometheusServer

KAFKA, POSTGRES, TOPICS, SCHEMAS = "kafka", "postgres", "topics", "schemas"
PROMETHEUS = "prometheus"
CHOICES = (KAFKA, POSTGRES, *SERVICES)
SUPERVISOR_SECONDS_MAX = 150.0


@dataclass(frozen=True, slots=True)
class Up:
    """One run of the stack in the foreground."""

    home: Home
    wanted: Sequence[str]
    """Of `CHOICES`; a service brings both servers with it."""
    environment: Mapping[str, str]
    say: Say
    show_logs: bool = True
    on_ready: Callable[[Mapping[str, Any]], None] = lambda state: None
    monitoring: bool = False
    """Whether a Prometheus watches the services."""

    async def run(self) -> int:
        """Start, stay until told to stop or hung up, stop; the exit code. The caller holds `only_one`."""
        await end_leftovers(self.home, self.say)
        stack = LocalStack.at(self.home, usual_ports=True, environment=self.environment)
        self.home.write_state(_myself())
        follower = Follower(self.say, _worth_showing) if self.show_logs else None
        if follower:
            follower.follow(self.home.log(name) for name in CHOICES)
        prometheus = PrometheusServer.at(self.home, usual_port=True) if self.monitoring else None
        supervisor = Supervisor(_parts(stack, self.wanted, prometheus), self.say, follower)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, supervisor.stopping.set)
        try:
            return await supervisor.run(lambda: self._ready(stack, prometheus))
        finally:
            await end_leftovers(self.home, self.say)
            self.home.forget_state()

    def _ready(self, stack: LocalStack, prometheus: PrometheusServer | None) -> None:
        state = {**self.home.state(), **addresses(stack, self.wanted), "ready": True}
        if prometheus:
            prometheus.watch({each.name: f"{HOST}:{each.metrics_port}" for each in stack.services})
            state["prometheus"] = {"url": prometheus.url}
        self.home.write_state(state)
        self.on_ready(state)


def addresses(stack: LocalStack, wanted: Sequence[str]) -> dict[str, Any]:
    """Where things are, for the state file: it holds passwords, for its owner alone."""
    servers = _with_servers(wanted)
    found: dict[str, Any] = {
        "services": {
            running.name: {"api_url": running.api_url, "metrics_url": running.metrics_url}
            for running in stack.services
            if running.returncode is None
        },
        "api_token": stack.home.secret("api-token"),
    }
    if KAFKA in servers:
        found["kafka"] = {"bootstrap_servers": stack.kafka.bootstrap_servers}
    if POSTGRES in servers:
        found["postgres"] = {"admin_url": stack.postgres.admin_url}
    return found


def _parts(
    stack: LocalStack, wanted: Sequence[str], prometheus: PrometheusServer | None = None
) -> list[Part]:
    async def create_topics() -> None:
        await stack.create_topics()

    async def create_schemas() -> None:
        await stack.create_schemas()

    parts = [Part(PROMETHEUS, prometheus.start)] if prometheus else []
    if KAFKA in (servers := _with_servers(wanted)):
        parts += [Part(KAFKA, stack.kafka.start), Part(TOPICS, create_topics, (KAFKA,))]
    if POSTGRES in servers:
        parts += [Part(POSTGRES, stack.postgres.start), Part(SCHEMAS, create_schemas, (POSTGRES,))]
    needs = (KAFKA, POSTGRES, TOPICS, SCHEMAS)
    services = [name for name in SERVICES if name in wanted]
    return [*parts, *(Part(name, partial(_start_service, stack, name), needs) for name in services)]


async def _start_service(stack: LocalStack, name: str) -> Process:
    """Start it; after a death on the ports that it had, as people know them by now."""
    former = next((service for service in reversed(stack.services) if service.name == name), None)
    ports = {port: former.environment[port] for port in ("API_PORT", "METRICS_PORT")} if former else {}
    return (await stack.start_service(name, **ports)).process


def _with_servers(wanted: Sequence[str]) -> set[str]:
    needed = {KAFKA, POSTGRES} if set(wanted) & set(SERVICES) else set()
    return needed | (set(wanted) & {KAFKA, POSTGRES})


def _worth_showing(name: str, line: str) -> bool:
    """Kafka tells its whole inner life, and calls a controller that is about to be ready an error."""
    if name == KAFKA:
        return (" ERROR " in line or " FATAL " in line) and "ControllerApis" not in line
    return "LOG:  checkpoint" not in line


@contextmanager
def only_one(home: Home) -> Iterator[bool]:
    """Hold the home as its supervisor; False when another has it. The kernel gives it back at any death."""
    with (home.folder("") / "up.lock").open("w") as file:
        free = _lock(file)
        if free:
            home.write_state({**home.state(), **_myself()})
        yield free


def is_up(home: Home) -> bool:
    """Whether a supervisor holds the home."""
    with (home.folder("") / "up.lock").open("w") as file:
        return not _lock(file)


def is_ready(home: Home, pid: int) -> bool:
    """Whether the supervisor with this id has everything up; a state left behind by another says nothing."""
    state = home.state()
    return bool(state.get("ready")) and state["supervisor"]["pid"] == pid


def _lock(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _myself() -> dict[str, Any]:
    return {"supervisor": Identity.of(os.getpid()).as_state(), "ready": False}


async def end_leftovers(home: Home, say: Say) -> None:
    """End processes that the state names and that nobody looks after any more."""
    processes = home.state().get("processes", {})
    for name, recorded in reversed(list(processes.items())):
        if await end(Identity.from_state(recorded)):
            say(name, "ended")


async def down(home: Home, say: Say) -> bool:
    """End what `up` started in this home; whether there was anything."""
    state = home.state()
    if not state:
        return False
    recorded = state.get("supervisor")
    found = await end(Identity.from_state(recorded), SUPERVISOR_SECONDS_MAX) if recorded else False
    leftovers = any(Identity.from_state(one).alive for one in state.get("processes", {}).values())
    await end_leftovers(home, say)
    home.forget_state()
    return found or leftovers
