"""What the Slack connector is told by its environment."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from connectors.sdk.settings import ConnectorSettings, Token
from shared.settings import Port


class Settings(ConnectorSettings):
    """The shared settings, the app's tokens, and which channel is of which community."""

    api_host: str = "127.0.0.1"
    api_port: Port
    """Where Slack brings events: `/slack/events`."""
    slack_signing_secret: Token
    slack_bot_token: Token
    slack_admin_token: Token | None = None
    """A user token of an administrator: Slack lets bots delete nothing but their own messages."""
    slack_api: Annotated[str, Field(pattern=r"^https?://[^\s/]+$")] = "https://slack.com"
    places_file: Path
    """Channels are ids: `C0123…`."""
