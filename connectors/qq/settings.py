"""What the QQ connector is told by its environment."""

from typing import Annotated, Any

from pydantic import Field

from connectors.nonebot.settings import NoneBotSettings
from connectors.sdk.settings import Token

HEARD = ("group_members", "c2c_group_at_messages")
NOT_HEARD = ("guilds", "guild_members", "guild_message_reactions", "message_audit", "at_messages")


class Settings(NoneBotSettings):
    """The shared settings, and the app of QQ's open platform; channels are `group_openid`s."""

    qq_app_id: Annotated[str, Field(pattern=r"^[0-9]{1,20}$")]
    qq_secret: Token
    qq_api: Annotated[str, Field(pattern=r"^https?://[^\s?#]+[^\s?#/]$")] = "https://api.bot.qq.com"

    def config(self) -> dict[str, Any]:
        """The bot as the adapter wants it, hearing groups and nothing else."""
        intents = {**dict.fromkeys(HEARD, True), **dict.fromkeys(NOT_HEARD, False)}
        secret = self.qq_secret.get_secret_value()
        return {
            "qq_api_base": f"{self.qq_api}/",
            "qq_auth_base": f"{self.qq_api}/app/getAppAccessToken",
            "qq_bots": [{"id": self.qq_app_id, "secret": secret, "intent": intents}],
        }
