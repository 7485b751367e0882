"""What the OneBot connector is told by its environment."""

from pathlib import Path

from connectors.sdk.settings import ConnectorSettings, Token
from shared.settings import Port


class Settings(ConnectorSettings):
    """The shared settings, an address to be connected to, and which group is of which community."""

    api_host: str = "127.0.0.1"
    api_port: Port
    onebot_token: Token
    """The implementation's `access_token`."""
    places_file: Path
    """Channels are group numbers."""
