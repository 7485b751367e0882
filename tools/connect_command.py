"""`hearth connect`: a connector beside the local stack, with what it needs to know filled in."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from deploy.local.home import REPOSITORY, default_home
from tools.addresses import find_addresses

USUAL_PORTS = {
    "webhook": 8120,
    "matrix": 8121,
    "onebot": 8122,
    "telegram": 8123,
    "slack": 8124,
    "satori": 8125,
    "milky": 8126,
    "discord": 8127,
    "qq": 8128,
    "feishu": 8129,
}
"""Those that come with Hearth, and where each listens."""


def connect(
    connector: Annotated[
        str, typer.Argument(help=f"{', '.join(USUAL_PORTS)}, or a Python file of your own.")
    ],
) -> None:
    """Run a connector until Ctrl-C. Its settings are environment variables; docs/CONNECTORS.md tells them.

    KAFKA_BOOTSTRAP_SERVERS, CONNECTOR_ID, CONNECTOR_STORE and API_PORT have values unless you set them.
    """
    file = Path(connector)
    if connector not in USUAL_PORTS and not (file.suffix == ".py" and file.is_file()):
        raise typer.BadParameter(f"{connector!r} is none of {', '.join(USUAL_PORTS)}, and no Python file")
    store = default_home().root / "connectors"
    store.mkdir(parents=True, exist_ok=True)
    name = file.stem.lower().replace("_", "-")
    usual = {
        "KAFKA_BOOTSTRAP_SERVERS": find_addresses().bootstrap_servers,
        "CONNECTOR_ID": name,
        "CONNECTOR_STORE": f"sqlite:{store}/{name}.db",
        "API_PORT": str(USUAL_PORTS.get(connector, 8130)),
        "PYTHONPATH": str(REPOSITORY),
    }
    environment = {**usual, **os.environ}
    what = ["-m", f"connectors.{connector}"] if connector in USUAL_PORTS else [connector]
    os.execve(sys.executable, [sys.executable, *what], environment)  # noqa: S606  # the same Python, no shell
