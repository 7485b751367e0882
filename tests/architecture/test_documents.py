"""Documents that are made from the code are the ones that the code makes."""

import subprocess
import sys

from tests.architecture.sources import REPOSITORY


def test_the_list_of_metrics_is_current() -> None:
    command = [sys.executable, "-m", "shared.observability.document", "--check"]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
