"""What the Satori connector is told by its environment."""

from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import Field

from connectors.nonebot.settings import PORTS, NoneBotSettings
from connectors.sdk.settings import Token


class Settings(NoneBotSettings):
    """The shared settings, and a Satori server; channels are what it calls so."""

    satori_url: Annotated[str, Field(pattern=r"^https?://[^\s?#]+$")]
    """Without `/v1`: `http://127.0.0.1:5140/satori`."""
    satori_token: Token

    def client(self) -> dict[str, Any]:
        """The server as the adapter wants it."""
        parts = urlsplit(self.satori_url)
        return {
            "host": parts.hostname,
            "port": parts.port or PORTS[parts.scheme],
            "path": parts.path.strip("/"),
            "token": self.satori_token.get_secret_value(),
            "secure": parts.scheme == "https",
            "timeout": 20.0,
        }
