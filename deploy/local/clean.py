"""`make clean`: stops the local stack and deletes its folder, and nothing that is not the stack's."""

import asyncio
import contextlib
import shutil

from deploy.local.home import Home, default_home
from deploy.local.outside import remove_outside_folder
from deploy.local.up import down

FOLDERS = ("kafka", "kafka-server", "logs", "postgres", "secrets")
FILES = ("state.json", "up.lock")


def clean(home: Home) -> None:
    """Stop what runs in `home`, then delete what the stack made there; other files and their folder stay."""
    asyncio.run(down(home, lambda name, line: print(f"{name}: {line}")))
    remove_outside_folder(home)
    for name in FOLDERS:
        shutil.rmtree(home.root / name, ignore_errors=True)
    for name in FILES:
        (home.root / name).unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        home.root.rmdir()


if __name__ == "__main__":
    clean(default_home())
