"""NoneBot's adapter for QQ's open platform, patient, without its webhooks, and what its errors mean."""

import logging
from typing import Any

from nonebot.adapters.qq import Adapter, Bot
from nonebot.adapters.qq.config import BotInfo
from nonebot.adapters.qq.exception import ActionFailed
from nonebot.drivers import URL, HTTPServerSetup
from nonebot.exception import AdapterException, ApiNotAvailable

from connectors.nonebot.line import unanswered
from connectors.nonebot.patience import Patience
from connectors.sdk.outcomes import Refused, Unreachable, Unsupported, of_status

AWAY_SECONDS = (1.0, 60.0)
REFUSED_SECONDS = (3.0, 600.0)
"""A bot may begin a thousand sessions a day."""

log = logging.getLogger(__name__)


class QQAdapter(Adapter):
    """The adapter's own never begins when QQ is away at its start, and never rests when it refuses."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.refused = Patience(*REFUSED_SECONDS)

    def setup_http_server(self, setup: HTTPServerSetup) -> None:
        """None: its webhook signs for anybody what it then takes for QQ's own signature."""

    async def run_bot_websocket(self, bot_info: BotInfo) -> None:
        """One connection, for ever."""
        bot, away, gateway = Bot(self, bot_info.id, bot_info), Patience(*AWAY_SECONDS), None
        while gateway is None:
            try:
                gateway = await bot.shard_url_get()
            except Exception as error:
                log.warning("QQ is waited for: %s", type(error).__name__, extra={"action": "qq_away"})
                await away.rest()
        await self._forward_ws(bot, URL(gateway.url), (0, 1))

    async def _authenticate(self, bot: Any, ws: Any, shard: tuple[int, int]) -> Any:
        done = None
        try:
            done = await super()._authenticate(bot, ws, shard)
        finally:
            if done is None:
                log.error("QQ refuses the bot", extra={"action": "qq_refuses"})
                await self.refused.rest()
        self.refused.begin_anew()
        return done


def outcome_of(error: AdapterException) -> Exception:
    """By the HTTP status and QQ's own code."""
    if isinstance(error, ActionFailed):
        if error.status_code in (201, 202):
            return Unreachable("it is being looked at", unsure=True)
        outcome = of_status(error.status_code)
        known = isinstance(outcome, Refused) and isinstance(error.code, int)
        return Refused(f"{outcome} code {error.code}") if known else outcome
    if isinstance(error, ApiNotAvailable):
        return Unsupported("no such API, or nothing there")
    return unanswered(error)
