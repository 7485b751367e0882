"""What the Telegram connector is told by its environment."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from connectors.sdk.settings import ConnectorSettings, Token
from shared.settings import Port


class Settings(ConnectorSettings):
    """The shared settings, the bot's token, and which chat is of which community."""

    api_host: str = "127.0.0.1"
    api_port: Port
    """Health checks; nobody else is listened to."""
    telegram_token: Token
    """BotFather's: `123456:ABC…`."""
    telegram_api: Annotated[str, Field(pattern=r"^https?://[^\s/]+$")] = "https://api.telegram.org"
    """Another one for a Bot API server of your own."""
    places_file: Path
    """Channels are chat ids: `-100…`."""
