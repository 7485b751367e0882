"""Reads a text as a file of a format, for tests in one line."""

import gzip
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from connectors.imports.formats import FORMATS
from connectors.imports.reading import BadLine, Item, Parsed, Reading, Skipped
from connectors.imports.source import Source

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def reading(zone: str = "Asia/Shanghai", community: str = "tea") -> Reading:
    """A history of `tea`, read at the beginning of 2026."""
    return Reading(community, ZoneInfo(zone), NOW)


def write(folder: Path, name: str, content: str | bytes) -> Path:
    """A file with this content; gzip when its name says so."""
    raw = content.encode() if isinstance(content, str) else content
    path = folder / name
    path.write_bytes(gzip.compress(raw) if name.endswith(".gz") else raw)
    return path


def items(path: Path, format_name: str, zone: str = "Asia/Shanghai") -> list[Item]:
    """All that the reader yields."""
    return list(FORMATS[format_name].read(Source(path), reading(zone)))


def parsed(found: list[Item]) -> list[Parsed]:
    """Only the events."""
    return [item for item in found if isinstance(item, Parsed)]


def bad(found: list[Item]) -> list[BadLine]:
    """Only the bad lines."""
    return [item for item in found if isinstance(item, BadLine)]


def skipped(found: list[Item]) -> list[Skipped]:
    """Only the lines that tell nothing."""
    return [item for item in found if isinstance(item, Skipped)]
