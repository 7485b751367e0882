"""Documents that are made from the code are the ones that the code makes."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.sources import REPOSITORY

MAKERS = ["shared.observability.document", "tools.openapi_document", "tools.metrics_document"]


@pytest.mark.parametrize("made_by", MAKERS)
def test_a_document_that_is_made_from_code_is_current(made_by: str) -> None:
    command = [sys.executable, "-m", made_by, "--check"]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_stale_openapi_document_is_named(tmp_path: Path) -> None:
    written = REPOSITORY / "docs" / "openapi" / "moderation.json"
    (tmp_path / written.name).write_text(written.read_text("utf-8").replace("/v1/check", "/v1/old"), "utf-8")
    command = [sys.executable, "-m", "tools.openapi_document", "--check", "--folder", str(tmp_path)]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert (done.returncode, "moderation.json" in done.stderr) == (1, True)
