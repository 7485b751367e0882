"""Measures a run: wall time from the first record to the last, CPU of this process and of the database."""

import json
import os
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field

import psutil


@dataclass(frozen=True, slots=True)
class Result:
    """One layer's figures; CPU in microseconds an event."""

    name: str
    events: int
    seconds: float
    client_us: float
    database_us: float

    @property
    def rate(self) -> float:
        """Events a second."""
        return self.events / self.seconds

    def as_json(self) -> str:
        """One line."""
        return json.dumps(asdict(self))


@dataclass(slots=True)
class Stopwatch:
    """Starts at the first record, ends when all are handled."""

    name: str
    database_pid: int
    _began: float = 0.0
    _cpu: float = 0.0
    _database: dict[int, float] = field(default_factory=dict)

    def start(self) -> None:
        """Once; later calls do nothing."""
        if not self._began:
            self._database = dict(cpu_of(self.database_pid))
            self._cpu = time.process_time()
            self._began = time.perf_counter()

    def stop(self, events: int) -> Result:
        """The figures since the start."""
        seconds = time.perf_counter() - self._began
        cpu = time.process_time() - self._cpu
        after = dict(cpu_of(self.database_pid))
        database = sum(after[pid] - self._database.get(pid, 0.0) for pid in after)
        return Result(self.name, events, seconds, cpu / events * 1e6, database / events * 1e6)


def cpu_of(pid: int) -> Iterator[tuple[int, float]]:
    """CPU seconds of the server and of each of its backends that lives."""
    root = psutil.Process(pid)
    for process in [root, *root.children(recursive=True)]:
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        yield process.pid, times.user + times.system


def tell(result: Result) -> None:
    """Hand the result to the process that asked for it."""
    print(f"RESULT {result.as_json()}", flush=True)
    os._exit(0)
