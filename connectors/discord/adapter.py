"""NoneBot's adapter for Discord, patient where Discord is away or refuses, and what its errors mean."""

import logging
from typing import Any

from nonebot.adapters.discord import Adapter
from nonebot.adapters.discord.config import BotInfo
from nonebot.adapters.discord.exception import ActionFailed
from nonebot.drivers import URL, Driver
from nonebot.exception import AdapterException, ApiNotAvailable, WebSocketClosed

from connectors.nonebot.line import unanswered
from connectors.nonebot.patience import Patience
from connectors.sdk.outcomes import Unsupported, of_status

AWAY_SECONDS = (1.0, 60.0)
REFUSED_SECONDS = (5.0, 600.0)
"""Discord takes a bot's token away that identifies a thousand times a day."""

log = logging.getLogger(__name__)


class DiscordAdapter(Adapter):
    """The adapter's own never begins when Discord is away at its start, and never rests when it refuses."""

    def __init__(self, driver: Driver, **kwargs: Any) -> None:
        super().__init__(driver, **kwargs)
        self.base_url = URL(str(self.config.discord_api))
        self.refused = Patience(*REFUSED_SECONDS)

    async def run_bot(self, bot_info: BotInfo) -> None:
        """One connection for all guilds, for ever."""
        away, gateway = Patience(*AWAY_SECONDS), None
        while gateway is None:
            try:
                gateway = await self._get_gateway_bot(bot_info)
            except Exception as error:
                kind = type(error).__name__
                log.warning("Discord is waited for: %s", kind, extra={"action": "discord_away"})
                await away.rest()
        await self._forward_ws(bot_info, URL(gateway.url), (0, 1))

    async def _authenticate(self, bot: Any, ws: Any, shard: tuple[int, int]) -> bool | None:
        try:
            done = await super()._authenticate(bot, ws, shard)
        except (WebSocketClosed, ValueError):
            log.error("Discord refuses the bot", extra={"action": "discord_refuses"})
            await self.refused.rest()
            raise
        self.refused.begin_anew()
        return done


def outcome_of(error: AdapterException) -> Exception:
    """By the HTTP status."""
    if isinstance(error, ActionFailed):
        return of_status(error.status_code)
    if isinstance(error, ApiNotAvailable):
        return Unsupported("no such API")
    return unanswered(error)
