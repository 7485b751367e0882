"""What the checks of manifests need: kustomize, schemas, checkers. `python -m deploy.cluster.tools` gets it.

Everything lands in `.hearth/tools` once, pinned by version and checksum; what is there is not fetched again.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from deploy.local.home import default_home
from deploy.local.kafka_jars import exclusively

HERE = Path(__file__).parent
PINNED_CHECKERS = HERE / "checks.txt"
KUSTOMIZE_MIN = (5, 0)
COMMAND_SECONDS_MAX = 1_200


class Missing(RuntimeError):
    """A tool is not there and cannot be had from here; the message says what would help."""


def folder() -> Path:
    """Where the tools are. `HEARTH_CACHE` moves them, e.g. to share them between checkouts."""
    cache = os.environ.get("HEARTH_CACHE")
    made = Path(cache) / "tools" if cache else default_home().root / "tools"
    made.mkdir(parents=True, exist_ok=True)
    return made


def kustomize() -> list[str]:
    """The command that renders a folder; an installed one that is new enough, else our own."""
    own = folder() / "kustomize"
    if own.is_file():
        return [str(own), "build"]
    if (found := shutil.which("kustomize")) and _version(found, "version") >= KUSTOMIZE_MIN:
        return [found, "build"]
    if (found := shutil.which("kubectl")) and _version(found, "version", "--client") >= KUSTOMIZE_MIN:
        return [found, "kustomize"]
    raise Missing("no kustomize 5 or newer: run `python -m deploy.cluster.tools`")


def _version(*command: str) -> tuple[int, ...]:
    """Of the kustomize that this command tells of; nothing where it tells of none."""
    told = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False).stdout
    found = re.search(r"(?:Kustomize Version: |^)v(\d+)\.(\d+)", told, re.MULTILINE)
    return tuple(int(number) for number in found.groups()) if found else ()


def ensure_kustomize() -> list[str]:
    """The same; built from pinned sources where none is installed."""
    try:
        return kustomize()
    except Missing:
        print("building kustomize, once")
        built = folder() / "kustomize"
        run([go(), "build", "-o", str(built), "sigs.k8s.io/kustomize/kustomize/v5"], HERE / "kustomize")
        return [str(built), "build"]


def go() -> str:
    """The Go command; installed by apt-get where we may."""
    return command("go", "golang-go")


def maven() -> str:
    """The Maven command; installed by apt-get where we may."""
    return command("mvn", "maven")


def command(name: str, package: str) -> str:
    """A command of the system, or of its package where we may install that."""
    if found := shutil.which(name):
        return found
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise Missing(f"`{name}` is missing: install the package {package}")
    print(f"installing {package} with apt-get")
    quiet = ["apt-get", "-q", "install", "--yes", "--no-install-recommends", package]
    try:
        run(quiet, HERE)
    except Missing:
        run(["apt-get", "-q", "update"], HERE)
        run(quiet, HERE)
    found = shutil.which(name)
    if found is None:
        raise Missing(f"the package {package} brought no `{name}`")
    return found


def checker(name: str) -> Path:
    """A program of the pinned checkers."""
    program = _checkers() / "bin" / name
    if not program.exists():
        raise Missing(f"{name} is missing: run `python -m deploy.cluster.tools`")
    return program


def ensure_checkers() -> Path:
    """A Python environment of their own; made again when the pins change."""
    home = _checkers()
    with exclusively(folder() / ".lock"):
        stamp = home / ".pins"
        if stamp.is_file() and stamp.read_text() == PINNED_CHECKERS.read_text():
            return home
        print("installing the checkers of manifests, once")
        shutil.rmtree(home, ignore_errors=True)
        run([sys.executable, "-m", "venv", str(home)], HERE)
        pip = [str(home / "bin" / "python"), "-m", "pip", "install", "--quiet", "--require-hashes"]
        run([*pip, "--requirement", str(PINNED_CHECKERS)], HERE)
        stamp.write_text(PINNED_CHECKERS.read_text())
    return home


def _checkers() -> Path:
    return folder() / "checkers"


def run(command: Sequence[str], where: Path) -> str:
    """Run a command to its end; `Missing` with its last words when it fails."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        done = subprocess.run(
            command, cwd=where, env=environment, capture_output=True, text=True, timeout=COMMAND_SECONDS_MAX,
            check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise Missing(f"{command[0]} took longer than {COMMAND_SECONDS_MAX} s") from None
    if done.returncode != 0:
        raise Missing(f"{' '.join(command[:4])} failed:\n{(done.stdout + done.stderr)[-2000:]}")
    return done.stdout


def main() -> None:
    """Get all of it; exit code 1 and what is missing when that cannot be."""
    from deploy.cluster.schemas import ensure_schemas

    try:
        ensure_kustomize()
        ensure_checkers()
        ensure_schemas()
    except Missing as missing:
        sys.exit(f"cannot get the tools for manifests: {missing}")


if __name__ == "__main__":
    main()
