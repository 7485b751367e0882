"""How far something has come, on stderr: a bar at a terminal, elsewhere a line every few seconds."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

LINE_SECONDS = 5.0

Advance = Callable[[int, str], None]
"""How much is done, and a note beside it."""


@contextmanager
def meter(title: str, total: int) -> Iterator[Advance]:
    """Shows progress from 0 to `total` while the block runs."""
    if sys.stderr.isatty():
        with _bar(title, total) as advance:
            yield advance
    else:
        yield _lines(title, total)


@contextmanager
def _bar(title: str, total: int) -> Iterator[Advance]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[note]}"),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task(title, total=max(1, total), note="")

        def advance(done: int, note: str) -> None:
            progress.update(task, completed=done if total else 1, note=note)

        yield advance


def _lines(title: str, total: int) -> Advance:
    next_at = time.monotonic() + LINE_SECONDS

    def advance(done: int, note: str) -> None:
        nonlocal next_at
        if time.monotonic() >= next_at:
            next_at = time.monotonic() + LINE_SECONDS
            share = f"{100 * done / total:.0f} %" if total else f"{done:,}"
            print(f"{title} {share} {note}", file=sys.stderr, flush=True)

    return advance
