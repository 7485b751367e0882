"""What the webhook connector is told by its environment."""

from pathlib import Path

from connectors.sdk.settings import ConnectorSettings
from shared.settings import Port


class Settings(ConnectorSettings):
    """The shared settings, an address to listen on and the file of bots."""

    api_host: str = "127.0.0.1"
    api_port: Port
    webhook_bots_file: Path
