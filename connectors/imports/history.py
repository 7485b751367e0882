"""A whole history: all files in one order of time, what could not be read counted, in bounded memory."""

import heapq
from bisect import insort
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from connectors.imports.reading import BadLine, Parsed, Reader, Reading, Skipped
from connectors.imports.source import Source

OUT_OF_ORDER_MAX = 2_000
"""Events that may wait for an earlier one; a file that is more disordered than that stays so, counted."""
BAD_LINES_SHOWN = 20


@dataclass(slots=True)
class Findings:
    """What reading came upon."""

    events: int = 0
    bad: int = 0
    first_bad: list[tuple[str, BadLine]] = field(default_factory=list)
    """With the file's name."""
    skipped: Counter[str] = field(default_factory=Counter)
    late: int = 0
    """Events that come after a later one for all sorting."""


@dataclass(slots=True)
class History:
    """Files of one format."""

    reader: Reader
    paths: Sequence[Path]
    reading: Reading
    findings: Findings = field(default_factory=Findings)
    _sources: list[Source] = field(default_factory=list)

    @property
    def bytes_total(self) -> int:
        """Size of all files on disk."""
        return sum(path.stat().st_size for path in self.paths)

    @property
    def bytes_read(self) -> int:
        """How much of it is behind us."""
        return sum(source.bytes_read for source in self._sources)

    def events(self) -> Iterator[Parsed]:
        """Every event once, in order of time; events of one moment in the order of their files."""
        waiting: deque[Parsed] = deque()
        latest: datetime | None = None
        for parsed in self._merged():
            if not waiting or parsed.occurred_at >= waiting[-1].occurred_at:
                waiting.append(parsed)
            else:
                insort(waiting, parsed, key=_time)
            if len(waiting) > OUT_OF_ORDER_MAX:
                latest = self._count(waiting[0].occurred_at, latest)
                yield waiting.popleft()
        while waiting:
            latest = self._count(waiting[0].occurred_at, latest)
            yield waiting.popleft()

    def _count(self, occurred_at: datetime, latest: datetime | None) -> datetime:
        self.findings.events += 1
        if latest is not None and occurred_at < latest:
            self.findings.late += 1
            return latest
        return occurred_at

    def _merged(self) -> Iterator[Parsed]:
        """All files by their present event's time; a file is opened when its first event is next."""
        if len(self.paths) == 1:
            yield from self._parsed(self.paths[0])
            return
        closed = sorted(self._starts(), reverse=True)
        heads: list[tuple[datetime, int, Parsed, Iterator[Parsed]]] = []
        while closed or heads:
            if closed and (not heads or closed[-1][0] <= heads[0][0]):
                _, file_number = closed.pop()
                self._advance(heads, file_number, self._parsed(self.paths[file_number]))
            else:
                _, file_number, parsed, rest = heapq.heappop(heads)
                yield parsed
                self._advance(heads, file_number, rest)

    def _advance(
        self,
        heads: list[tuple[datetime, int, Parsed, Iterator[Parsed]]],
        file_number: int,
        rest: Iterator[Parsed],
    ) -> None:
        parsed = next(rest, None)
        if parsed is not None:
            heapq.heappush(heads, (parsed.occurred_at, file_number, parsed, rest))

    def _starts(self) -> Iterator[tuple[datetime, int]]:
        """The first event's time of each file. One without events is read for its bad lines first."""
        for file_number, path in enumerate(self.paths):
            items = self.reader.read(Source(path), self.reading)
            first = next((item.occurred_at for item in items if isinstance(item, Parsed)), None)
            yield first or self.reading.now, file_number

    def _parsed(self, path: Path) -> Iterator[Parsed]:
        source = Source(path)
        self._sources.append(source)
        for item in self.reader.read(source, self.reading):
            if isinstance(item, Parsed):
                yield item
            elif isinstance(item, Skipped):
                self.findings.skipped[item.what] += 1
            else:
                self.findings.bad += 1
                if len(self.findings.first_bad) < BAD_LINES_SHOWN:
                    self.findings.first_bad.append((path.name, item))


def _time(parsed: Parsed) -> datetime:
    return parsed.occurred_at
