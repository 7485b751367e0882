"""Shows what processes write to their log files, line by line, as it comes."""

import asyncio
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

LOOK_SECONDS = 0.2
READ_BYTES_MAX = 262_144
STANDARD_FIELDS = ("message", "level", "timestamp", "service", "logger", "action")


@dataclass(slots=True)
class Follower:
    """Follows log files from where they end now."""

    say: Callable[[str, str], None]
    """Gets the log's name and a line."""
    keep: Callable[[str, str], bool] = lambda name, line: True
    """Which lines are worth the reader's while; the files have all."""
    _places: dict[Path, int] = field(default_factory=dict)

    def follow(self, logs: Iterable[Path]) -> None:
        """Follow these too; what is in them already is old."""
        for log in logs:
            self._places[log] = log.stat().st_size if log.exists() else 0

    async def run(self) -> None:
        """Show new lines until cancelled."""
        while True:
            self.show()
            await asyncio.sleep(LOOK_SECONDS)

    def show(self) -> None:
        """Show what is new."""
        for log in self._places:
            for line in self._new_lines(log):
                if self.keep(log.stem, line):
                    self.say(log.stem, readable(line))

    def _new_lines(self, log: Path) -> list[str]:
        if not log.exists():
            return []
        if log.stat().st_size < self._places[log]:  # put aside, begun anew
            self._places[log] = 0
        with log.open("rb") as file:
            file.seek(self._places[log])
            read = file.read(READ_BYTES_MAX)
        whole, newline, _ = read.rpartition(b"\n")
        if not newline and len(read) == READ_BYTES_MAX:  # a line longer than that is shown in pieces
            whole = read
        self._places[log] += len(whole) + len(newline)
        return whole.decode(errors="replace").splitlines()


def readable(line: str) -> str:
    """A JSON log line as people like it: level, sentence, then the other fields; any other line as it is."""
    if not line.startswith("{"):
        return line
    try:
        fields = json.loads(line)
    except ValueError:
        return line
    if not isinstance(fields, dict) or "message" not in fields:
        return line
    rest = " ".join(f"{name}={value}" for name, value in fields.items() if name not in STANDARD_FIELDS)
    return f"{str(fields.get('level', '')).upper():<7} {fields['message']} {rest}".rstrip()
