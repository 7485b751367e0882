"""An export that is a zip or a tar: its files one at a time, none of them unpacked onto the disk."""

import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic_core import from_json

from connectors.imports.source import Broken

FILE_BYTES_MAX = 256 * 1024 * 1024
"""A larger file inside is refused: it would be read as a whole."""


@dataclass(frozen=True, slots=True)
class Archive:
    """Open, with the names of its files."""

    names: tuple[str, ...]
    _opened: zipfile.ZipFile | tarfile.TarFile

    def json(self, name: str) -> Any:
        """A file's content. Raises Broken."""
        try:
            return from_json(self._bytes(name))
        except (ValueError, OSError, EOFError, zlib.error, zipfile.BadZipFile, tarfile.TarError) as error:
            raise Broken(f"{name} cannot be read: {type(error).__name__}") from None

    def _bytes(self, name: str) -> bytes:
        if isinstance(self._opened, zipfile.ZipFile):
            with self._opened.open(name) as file:
                return _limited(name, file.read(FILE_BYTES_MAX + 1))
        member = self._opened.extractfile(name)
        if member is None:
            raise Broken(f"{name} is no file")
        with member:
            return _limited(name, member.read(FILE_BYTES_MAX + 1))


def _limited(name: str, content: bytes) -> bytes:
    if len(content) > FILE_BYTES_MAX:
        raise Broken(f"{name} is larger than {FILE_BYTES_MAX >> 20} MiB")
    return content


@contextmanager
def opened(path: Path) -> Iterator[Archive]:
    """The archive. Raises Broken for what is none."""
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                yield Archive(tuple(sorted(archive.namelist())), archive)
            return
        with tarfile.open(path) as tar:
            yield Archive(tuple(sorted(each.name for each in tar.getmembers() if each.isfile())), tar)
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile, tarfile.TarError) as error:
        raise Broken(f"no zip or tar that can be read: {type(error).__name__}") from None


def is_archive(path: Path) -> bool:
    """Whether it is one of the two."""
    try:
        return zipfile.is_zipfile(path) or tarfile.is_tarfile(path)
    except (OSError, EOFError, zlib.error):
        return False
