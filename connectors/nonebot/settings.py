"""What every connector on an adapter of NoneBot is told by its environment."""

from pathlib import Path

from connectors.sdk.settings import ConnectorSettings
from shared.settings import Port

PORTS = {"http": 80, "https": 443}


class NoneBotSettings(ConnectorSettings):
    """A platform adds its own fields in a subclass."""

    api_host: str = "127.0.0.1"
    api_port: Port
    """Health checks, and what the platform brings, where it does."""
    places_file: Path
    """Which channel is of which community."""
