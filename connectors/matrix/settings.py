"""What the Matrix connector is told by its environment."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from connectors.sdk.settings import ConnectorSettings, Token
from shared.settings import Port


class Settings(ConnectorSettings):
    """The shared settings, the homeserver, and which room is of which community."""

    api_host: str = "127.0.0.1"
    api_port: Port
    """Where the homeserver brings its transactions."""
    matrix_homeserver: Annotated[str, Field(pattern=r"^https?://[^\s/]+$")]
    """`https://matrix.example.org`, without a path."""
    matrix_domain: Annotated[str, Field(min_length=1, max_length=230)]
    """What follows the colon in its users' names."""
    matrix_localpart: Annotated[str, Field(pattern=r"^[a-z0-9._=-]{1,64}$")] = "hearth"
    """The bot's own name."""
    matrix_as_token: Token
    matrix_hs_token: Token
    places_file: Path
    """Channels are room ids: `!abc…`."""

    @property
    def bot(self) -> str:
        """The bot's full name."""
        return f"@{self.matrix_localpart}:{self.matrix_domain}"
