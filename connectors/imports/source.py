"""A file of a chat export: plain or gzip, line by line in bounded memory, with the position for progress."""

import gzip
import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, BinaryIO, NamedTuple

LINE_BYTES_MAX = 4 * 1024 * 1024
GZIP_MAGIC = b"\x1f\x8b"


class Line(NamedTuple):
    """A line by its number, from 1; `content` is None for one that is too long."""

    number: int
    content: bytes | None


class Broken(Exception):
    """The rest of the file cannot be read: compressed data ends early or is damaged."""


@dataclass(slots=True)
class Source:
    """One file, read by one reader at a time."""

    path: Path
    _raw: BinaryIO | None = field(default=None, init=False)
    _finished: bool = field(default=False, init=False)

    @property
    def name(self) -> str:
        """The file's name without folder: the same wherever the file lies."""
        return self.path.name

    @property
    def bytes_total(self) -> int:
        """Size on disk."""
        return self.path.stat().st_size

    @property
    def bytes_read(self) -> int:
        """How much of the size on disk is behind us."""
        if self._finished:
            return self.bytes_total
        return self._raw.tell() if self._raw is not None and not self._raw.closed else 0

    def open(self) -> IO[bytes]:
        """The content, decompressed where needed. Close it. Raises OSError."""
        self._raw = self.path.open("rb")
        magic = self._raw.peek(2)[:2] if isinstance(self._raw, io.BufferedReader) else b""
        if magic == GZIP_MAGIC:
            return io.BufferedReader(_Owned(self._raw))
        return self._raw

    def finished(self) -> None:
        """Called by the reader at the end."""
        self._finished = True

    def lines(self) -> Iterator[Line]:
        """All lines without their ends. Raises Broken."""
        with self.open() as content:
            number = 0
            while line := _read(content):
                number += 1
                if len(line) < LINE_BYTES_MAX or line.endswith(b"\n"):
                    yield Line(number, line.rstrip(b"\r\n"))
                    continue
                while line and not line.endswith(b"\n"):
                    line = _read(content)
                yield Line(number, None)
        self.finished()


class _Owned(gzip.GzipFile):
    """A gzip file that closes the file below it."""

    def __init__(self, raw: BinaryIO) -> None:
        super().__init__(fileobj=raw)
        self._below = raw

    def close(self) -> None:
        super().close()
        self._below.close()


def _read(content: IO[bytes]) -> bytes:
    try:
        return content.readline(LINE_BYTES_MAX)
    except (EOFError, OSError, zlib.error) as error:
        raise Broken(f"the file cannot be read further: {error}") from error
