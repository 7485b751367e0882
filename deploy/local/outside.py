"""A folder outside the checkout, for what another user must reach when the checkout is closed to it."""

import shutil
import tempfile
from pathlib import Path

from deploy.local.home import Home

PARENT = Path("/var/tmp")  # noqa: S108 - the folder's own name is random and it belongs to us
POINTER = "outside-folder"


def outside_folder(home: Home) -> Path:
    """The stack's folder outside its home, made on demand; the home remembers where it is."""
    existing = _remembered(home)
    if existing:
        return existing
    folder = Path(tempfile.mkdtemp(prefix="hearth-", dir=PARENT if PARENT.is_dir() else None))
    folder.chmod(0o711)
    home.folder("")
    (home.root / POINTER).write_text(str(folder))
    return folder


def remove_outside_folder(home: Home) -> None:
    """Delete it with all that is in it, when there is one."""
    if folder := _remembered(home):
        shutil.rmtree(folder, ignore_errors=True)
    (home.root / POINTER).unlink(missing_ok=True)


def _remembered(home: Home) -> Path | None:
    pointer = home.root / POINTER
    folder = Path(pointer.read_text()) if pointer.exists() else None
    return folder if folder and folder.is_dir() else None
