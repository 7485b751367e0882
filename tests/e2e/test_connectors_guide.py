"""The guide docs/CONNECTORS.md followed word by word: its commands in its order, in one shell."""

import asyncio
import os
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local import kafka_jars
from deploy.local.home import REPOSITORY
from tests.servers import temporary_home

GUIDE = REPOSITORY / "docs" / "CONNECTORS.md"
SECONDS_MAX = 840
CODE = re.compile(r"```bash\n(.*?)```", re.DOTALL)
WAITING = """
answers() { grep --count send_message "$SAID" || true; }
answered() {
    local before=$(answers) turn
    for turn in $(seq 1000); do (( $(answers) > before )) && return; sleep 0.1; done
}
answered_by() { "$@" <&0 & local it=$!; answered; sleep 1; kill $it; }
"""
"""The first ends after 100 seconds; the second ends a program that would go on for ever."""


def commands(page: Path) -> str:
    """All that the page has a reader type."""
    return "".join(CODE.findall(page.read_text(encoding="utf-8")))


def until_answered(script: str) -> str:
    """The same, but that bots run until Hearth has answered, however long that takes here."""
    return WAITING + script.replace("sleep 25", "answered").replace("timeout 30", "answered_by")


@pytest.fixture
def clone(tmp_path: Path) -> Iterator[Path]:
    """A folder that looks like the clone, so that what the guide writes is not left in it."""
    for entry in REPOSITORY.iterdir():
        (tmp_path / entry.name).symlink_to(entry)
    return tmp_path


@pytest.mark.timeout(SECONDS_MAX + 60)
async def test_the_guide_works_as_it_is_written(clone: Path) -> None:
    said = clone / "said.log"
    async with temporary_home() as home:
        own = {
            "HEARTH_HOME": str(home.root),
            "HEARTH_CACHE": str(kafka_jars.folder().parent),
            "COLUMNS": "200",
            "SAID": str(said),
        }
        environment = {**os.environ, **own}
        with said.open("wb") as output:
            shell = await asyncio.create_subprocess_exec(
                "bash", "-e", "-c", until_answered(commands(GUIDE)), cwd=clone, env=environment,
                stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
        try:
            async with asyncio.timeout(SECONDS_MAX):
                await shell.wait()
        finally:
            if shell.returncode is None:
                os.killpg(shell.pid, signal.SIGTERM)
    out = said.read_text(encoding="utf-8")
    assert shell.returncode == 0, out
    by_bot, by_hand = out.find('{"accepted": 1'), out.find('{"accepted":1,"refused":[]}')
    assert -1 < by_bot < by_hand, out
    answers = [line for line in out.splitlines() if "send_message" in line]
    assert "打卡" in answers[0], out
    assert answers[-1].startswith("[send_message]"), out
    assert "打卡" in answers[-1], out
    assert re.search(r"webhook +webhook +running +tea ", out), out


def test_both_languages_have_a_reader_type_the_same() -> None:
    assert commands(GUIDE) == commands(GUIDE.with_suffix(".zh-CN.md"))
