"""Trying rules without servers: `hearth moderation check`, and a back-test in two processes."""

import gzip
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage

from deploy.local.home import REPOSITORY
from services.moderation.domain.policy import Policy
from services.moderation.domain.rules.flood import Flood
from services.moderation.store.policy_documents import default_policy
from tests.bench.history import YEAR
from tests.bench.measured import Result
from tools.backtest_run import Job, run_file

CHECK_LINES = 100_000
PROCESSES = 2


def trying() -> Iterator[Result]:
    """Nothing where the real year is missing."""
    if not YEAR.exists():
        return
    yield check()
    yield backtest()


def check() -> Result:
    """Lines a second of the command, its start left out."""
    with gzip.open(YEAR, "rt", encoding="utf-8") as file:
        lines = [json.dumps({"text": json.loads(line)["text"]}) + "\n" for line in islice(file, CHECK_LINES)]
    (start, start_cpu), (whole, cpu) = _run(lines[:1]), _run(lines)
    return Result("check", len(lines), whole - start, (cpu - start_cpu) / len(lines) * 1e6, 0.0)


def _run(lines: Iterable[str]) -> tuple[float, float]:
    """Seconds, and CPU seconds."""
    with tempfile.NamedTemporaryFile("w+", encoding="utf-8", suffix=".jsonl") as said:
        said.writelines(lines)
        said.flush()
        began, before = time.perf_counter(), _children_cpu()
        command = [sys.executable, "-m", "tools.cli", "moderation", "check", "--json"]
        with Path(said.name).open() as given:
            subprocess.run(command, stdin=given, stdout=subprocess.DEVNULL, cwd=REPOSITORY, check=True)
        return time.perf_counter() - began, _children_cpu() - before


def _children_cpu() -> float:
    used = getrusage(RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def backtest() -> Result:
    """Messages a second: the shipped rules against a candidate with a stricter flood."""
    active = default_policy()
    stricter = tuple(
        replace(rule, params=Flood(messages_max=5)) if rule.id == "flood" else rule for rule in active.rules
    )
    candidate = Policy(stricter, active.ladder, version=1)
    began, cpu, others = time.perf_counter(), time.process_time(), _children_cpu()
    run, _ = run_file(Job(YEAR, active, candidate, PROCESSES))
    seconds = time.perf_counter() - began
    used = time.process_time() - cpu + _children_cpu() - others
    return Result("backtest", run.messages, seconds, used / run.messages * 1e6, 0.0)
