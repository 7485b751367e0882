"""How far an import has come, in a file of the local home: so that a run that was stopped can go on."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from deploy.local.home import default_home


@dataclass(frozen=True, slots=True)
class Progress:
    """Of one set of files, as they are now, into one community."""

    path: Path

    @classmethod
    def of(cls, community: str, format_name: str, files: Sequence[Path]) -> "Progress":
        """A file that changes is another import."""
        stats = [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in files]
        name = blake2b(repr((community, format_name, stats)).encode(), digest_size=12).hexdigest()
        return cls(default_home().root / "imports" / f"{name}.progress")

    def read(self) -> int:
        """Events that are durable."""
        try:
            return int(self.path.read_text(encoding="ascii"))
        except (OSError, ValueError):
            return 0

    def write(self, events: int) -> None:
        """Note that so many are durable."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        new = self.path.with_suffix(".new")
        new.write_text(str(events), encoding="ascii")
        new.replace(self.path)

    def forget(self) -> None:
        """The import came to its end."""
        self.path.unlink(missing_ok=True)
