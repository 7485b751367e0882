"""What the Discord connector is told by its environment."""

from typing import Annotated, Any

from pydantic import Field

from connectors.nonebot.settings import NoneBotSettings
from connectors.sdk.settings import Token

HEARD = ("guilds", "guild_members", "guild_messages", "guild_message_reactions", "message_content")
NOT_HEARD = (
    "guild_moderation",
    "guild_emojis_and_stickers",
    "guild_integrations",
    "guild_webhooks",
    "guild_invites",
    "guild_voice_states",
    "guild_message_typing",
    "direct_messages",
    "direct_message_reactions",
    "direct_message_typing",
    "guild_scheduled_events",
    "auto_moderation_configuration",
    "auto_moderation_execution",
    "guild_message_polls",
    "direct_message_polls",
)


class Settings(NoneBotSettings):
    """The shared settings, and the bot's token; channels are their numbers."""

    discord_token: Token
    discord_api: Annotated[str, Field(pattern=r"^https?://[^\s?#]+[^\s?#/]$")] = "https://discord.com/api/v10"

    def config(self) -> dict[str, Any]:
        """The bot as the adapter wants it, hearing what Hearth carries and nothing else."""
        intents = {**dict.fromkeys(HEARD, True), **dict.fromkeys(NOT_HEARD, False)}
        token = self.discord_token.get_secret_value()
        return {
            "discord_bots": [{"token": token, "intent": intents}],
            "discord_api": self.discord_api,
            "discord_api_timeout": 20.0,
            "discord_handle_self_message": True,
        }
