"""An image without a Docker engine or a registry: a Debian base by mmdebstrap, the Dockerfile by buildah."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from deploy.cluster.tools import folder
from deploy.local.home import REPOSITORY
from deploy.local.kafka_jars import exclusively

DEBIAN = "bookworm"
PACKAGES = "python3,python3-venv,ca-certificates"
BASE, NAME = "localhost/hearth-base", "localhost/hearth:test"
BUILD_SECONDS_MAX = 1_800
CERTIFICATES = Path("/etc/ssl/certs")


class Unbuildable(RuntimeError):
    """The base cannot be had from here; the message is the tool's own."""


@dataclass(frozen=True, slots=True)
class Image:
    """A built image in a storage of its own, and a container of it to look into."""

    storage: Path
    name: str
    container: str
    files: Path
    """The container's root as a folder."""

    def buildah(self, *arguments: str | Path) -> str:
        """What buildah says; fails when it fails."""
        return buildah(self.storage, *arguments)

    def run(
        self, arguments: Sequence[str], user: str, told: Mapping[str, str]
    ) -> "subprocess.CompletedProcess[str]":
        """The image's process with these arguments, to its end."""
        return self.execute(["/venv/bin/python", "-m", *arguments], user, told)

    def execute(
        self, command: Sequence[str], user: str, told: Mapping[str, str]
    ) -> "subprocess.CompletedProcess[str]":
        """A command inside, to its end."""
        return subprocess.run(
            self._command(command, user, told), capture_output=True, text=True, timeout=300, check=False
        )

    def start(
        self, arguments: Sequence[str], user: str, told: Mapping[str, str], output: IO[str]
    ) -> "subprocess.Popen[str]":
        """The image's process, in the network of this machine."""
        command = self._command(["/venv/bin/python", "-m", *arguments], user, told)
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, text=True)

    def _command(self, command: Sequence[str], user: str, told: Mapping[str, str]) -> list[str]:
        variables = [f"--env={name}={value}" for name, value in told.items()]
        options = ["run", "--isolation=chroot", "--user", user, *variables]
        return [*_storage(self.storage), *options, self.container, "--", *command]


@contextmanager
def built() -> Iterator[Image]:
    """Build it, and remove all of it at the end. Raises `Unbuildable`."""
    base = _base()
    storage = Path(tempfile.mkdtemp(prefix="hearth-image-", dir="/var/tmp"))
    try:
        _import(storage, base)
        buildah(storage, *_build(storage))
        container = buildah(storage, "from", "--pull-never", NAME)
        yield Image(storage, NAME, container, Path(buildah(storage, "mount", container)))
        buildah(storage, "umount", "--all")
    finally:
        shutil.rmtree(storage, ignore_errors=True)


def buildah(storage: Path, *arguments: str | Path) -> str:
    """Run it on this storage; fails with its last words."""
    done = subprocess.run(
        [*_storage(storage), *map(str, arguments)],
        capture_output=True, text=True, timeout=BUILD_SECONDS_MAX, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"buildah {arguments[0]}: {(done.stdout + done.stderr)[-2000:]}"
    return done.stdout.strip()


def _storage(storage: Path) -> list[str]:
    places = ["--root", str(storage / "root"), "--runroot", str(storage / "run")]
    return ["buildah", *places, "--storage-driver", "vfs"]


def _base() -> Path:
    """An archive of a small Debian with Python; made once."""
    target = folder() / f"base-{DEBIAN}.tar"
    with exclusively(folder() / ".lock-base"):
        if not target.exists():
            part = target.with_suffix(".part.tar")
            done = subprocess.run(
                ["mmdebstrap", "--variant=minbase", f"--include={PACKAGES}", DEBIAN, part],
                capture_output=True, text=True, timeout=BUILD_SECONDS_MAX, check=False,
            )  # fmt: skip
            if done.returncode != 0:
                raise Unbuildable(done.stderr.strip()[-300:])
            part.rename(target)
    return target


def _import(storage: Path, base: Path) -> None:
    container = buildah(storage, "from", "scratch")
    buildah(storage, "add", container, base, "/")
    buildah(storage, "commit", "-q", container, BASE)
    buildah(storage, "rm", container)


def _build(storage: Path) -> list[str | Path]:
    """What pip is told on this machine is told to it in the build, and stays out of the image."""
    told = {
        name.removeprefix("PIP_").lower().replace("_", "-"): value
        for name, value in os.environ.items()
        if name in ("PIP_CERT", "PIP_INDEX_URL", "PIP_TRUSTED_HOST", "PIP_DEFAULT_TIMEOUT")
    }
    settings = storage / "pip.conf"
    settings.write_text(
        "\n".join(["[global]", *(f"{name} = {value}" for name, value in told.items())]) + "\n"
    )
    mounted = [f"--volume={settings}:/etc/pip.conf:ro", f"--volume={CERTIFICATES}:{CERTIFICATES}:ro"]
    base = ["--pull-never", "--build-arg", f"BASE_IMAGE={BASE}"]
    return ["bud", "--isolation=chroot", *base, *mounted, "-t", NAME, REPOSITORY]
