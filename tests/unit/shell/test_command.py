"""The `hearth` command loads no more than the subcommand that is asked for."""

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from tools.cli import SUBCOMMANDS, app

LOADED = """
import sys
from typer.testing import CliRunner
from tools.cli import app
assert CliRunner().invoke(app, ["dead-letters", "--help"]).exit_code == 0
print(*sorted(name for name in sys.modules if name.startswith("services.")))
"""


@pytest.mark.parametrize("name", SUBCOMMANDS)
def test_every_subcommand_explains_itself(name: str) -> None:
    told = CliRunner().invoke(app, [name, "--help"])
    assert (told.exit_code, f"hearth {name}" in told.output) == (0, True), told.output


def test_help_names_every_subcommand() -> None:
    told = CliRunner().invoke(app, ["--help"])
    assert [name for name in SUBCOMMANDS if f" {name} " not in told.output] == []


def test_a_subcommand_that_needs_no_service_loads_none() -> None:
    done = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stdout + done.stderr


def test_a_subcommand_that_nobody_knows_is_refused() -> None:
    told = CliRunner().invoke(app, ["cook"])
    assert (told.exit_code, "No such command" in told.output) == (2, True)
