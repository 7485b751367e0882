"""The image, built without a Docker engine and run: what is in it, who runs it, whether it answers."""

import asyncio
import json
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest

from deploy.local.kafka import KafkaServer
from deploy.local.roles import SERVICES
from tests.architecture.built import free_port
from tests.deploy.images import Image, Unbuildable, built
from tests.servers import ServiceDatabase

pytestmark = pytest.mark.timeout(2400)
USER = "10001:10001"
NOT_INSIDE = ("gcc", "cc", "make", "ld", "pip", "pip3", "git", "curl", "wget")
READY_SECONDS_MAX = 180.0
ASK = "import sys, urllib.request as r; print(r.build_opener(r.ProxyHandler({})).open(sys.argv[1]).status)"
MakeDatabase = Callable[[str], Awaitable[ServiceDatabase]]


@pytest.fixture(scope="module")
def image() -> Iterator[Image]:
    missing = [tool for tool in ("buildah", "mmdebstrap") if shutil.which(tool) is None]
    if missing or os.geteuid() != 0:
        why = f"install {', '.join(missing)}" if missing else "only root may build without a Docker engine"
        pytest.skip(f"TOOL MISSING, no image was built: {why}")
    try:
        with built() as made:
            yield made
    except Unbuildable as error:
        pytest.skip(f"TOOL MISSING, no image was built: {error}")


def test_it_says_itself_that_it_runs_as_nobody_and_which_process_is_an_argument(image: Image) -> None:
    config = json.loads(image.buildah("inspect", "--type", "image", image.name))["OCIv1"]["config"]
    assert config["User"] == USER
    assert config["Entrypoint"] == ["/venv/bin/python", "-m"]
    assert config["Cmd"] == ["services.moderation"]


def test_no_tools_that_build_or_fetch_are_inside(image: Image) -> None:
    folders = [image.files / place for place in ("usr/bin", "usr/local/bin", "venv/bin", "bin")]
    assert [name for name in NOT_INSIDE for folder in folders if (folder / name).exists()] == []
    assert not list((image.files / "venv/lib").glob("python*/site-packages/pip"))


def test_nothing_inside_belongs_to_the_user_or_may_be_written_by_it(image: Image) -> None:
    open_to_all = subprocess.run(
        ["find", image.files, "-xdev", "!", "-type", "l", "(", "-uid", "10001", "-o", "-perm", "-o+w", ")"],
        capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    known = {image.files / place for place in ("tmp", "var/tmp", "run/lock", "dev", "proc", "sys")}
    assert [path for path in open_to_all if not {Path(path), *Path(path).parents} & known] == []


def test_no_test_and_no_secret_is_inside(image: Image) -> None:
    inside = {path.name for path in (image.files / "app").iterdir()}
    assert inside == {"shared", "services", "connectors", "tools", "deploy"}


@pytest.mark.parametrize("process", [*(f"services.{name}" for name in SERVICES), "deploy.cluster.database"])
def test_every_process_starts_in_it_and_says_what_it_lacks(image: Image, process: str) -> None:
    done = image.run([process], USER, {})
    assert done.returncode == 1
    assert (done.stdout + done.stderr).startswith("cannot ")


async def test_a_service_in_it_becomes_ready_writes_nothing_and_ends_with_0(
    image: Image, service_database: MakeDatabase, kafka_server: KafkaServer, tmp_path: Path
) -> None:
    database = await service_database("moderation")
    port = str(free_port())
    told = {
        "DATABASE_URL": database.app_url,
        "KAFKA_BOOTSTRAP_SERVERS": kafka_server.bootstrap_servers,
        "API_TOKEN": "a-token-of-this-test",
        "API_PORT": port,
        "METRICS_PORT": str(free_port()),
    }
    before = _written(image)
    async with _running(image, told, tmp_path / "output") as process:
        async with asyncio.timeout(READY_SECONDS_MAX):
            while _asked(image, f"http://127.0.0.1:{port}/readyz") != "200":
                assert process.poll() is None, (tmp_path / "output").read_text()
                await asyncio.sleep(1)
        assert _asked(image, f"http://127.0.0.1:{port}/livez") == "200"
        (service,) = [each for each in psutil.Process(process.pid).children(recursive=True) if _is_ours(each)]
        assert set(service.uids()) == {10_001}
        service.terminate()
        assert await asyncio.to_thread(process.wait, 60) == 0
    assert _written(image) == before


def _asked(image: Image, url: str) -> str:
    """The status of an address, asked from inside."""
    return image.execute(["/venv/bin/python", "-c", ASK, url], USER, {}).stdout.strip()


def _written(image: Image) -> set[Path]:
    """Files of the user, but for the folder that a pod gets as a volume of its own."""
    return {
        path
        for path in image.files.rglob("*")
        if path.is_file() and not path.is_symlink() and path.stat().st_uid == 10_001
        and image.files / "tmp" not in path.parents
    }  # fmt: skip


def _is_ours(process: psutil.Process) -> bool:
    return process.name().startswith("python") and not process.children()


@asynccontextmanager
async def _running(
    image: Image, told: dict[str, str], output: Path
) -> AsyncIterator["subprocess.Popen[str]"]:
    with output.open("w") as written:
        process = image.start(["services.moderation"], USER, told, written)
    try:
        yield process
    finally:
        for each in psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []:
            each.kill()
        await asyncio.to_thread(process.wait)
