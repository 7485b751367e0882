"""What the Milky connector is told by its environment."""

from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import Field

from connectors.nonebot.settings import PORTS, NoneBotSettings
from connectors.sdk.settings import Token


class Settings(NoneBotSettings):
    """The shared settings, and a Milky implementation; channels are group numbers."""

    milky_url: Annotated[str, Field(pattern=r"^https?://[^\s/?#]+$")]
    """Without a path: `http://127.0.0.1:3010`."""
    milky_token: Token
    """The implementation's `access_token`."""

    def client(self) -> dict[str, Any]:
        """The implementation as the adapter wants it."""
        parts = urlsplit(self.milky_url)
        return {
            "host": parts.hostname,
            "port": parts.port or PORTS[parts.scheme],
            "access_token": self.milky_token.get_secret_value(),
            "secure": parts.scheme == "https",
        }
