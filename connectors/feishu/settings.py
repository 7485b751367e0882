"""What the Feishu connector is told by its environment."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from connectors.sdk.settings import ConnectorSettings, Token
from shared.settings import Port


class Settings(ConnectorSettings):
    """The shared settings, the app of the open platform, and which group is of which community."""

    api_host: str = "127.0.0.1"
    api_port: Port
    """Where Feishu brings events: `/feishu/events`."""
    feishu_app_id: Annotated[str, Field(pattern=r"^cli_[A-Za-z0-9]{1,60}$")]
    feishu_app_secret: Token
    feishu_encrypt_key: Token
    """Of the app's event subscription: what is brought without it, or wrongly signed, is not taken."""
    feishu_api: Annotated[str, Field(pattern=r"^https?://[^\s/]+$")] = "https://open.feishu.cn"
    """Lark: `https://open.larksuite.com`."""
    places_file: Path
    """Channels are ids of groups: `oc_…`."""
