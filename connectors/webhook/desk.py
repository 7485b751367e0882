"""Commands on their way to bots: posted or laid out to be fetched, until the bot's receipt comes.

A command comes again, under the same id, until there is a receipt; the bot drops what it has done.
"""

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any

import httpx

from connectors.sdk.buckets import Rate
from connectors.sdk.claims import Claim
from connectors.sdk.ladder import Ability
from connectors.sdk.outcomes import Busy, Done, NotYet, Refused, Unreachable
from connectors.webhook.bots import Bot
from connectors.webhook.receipt import Outcome
from connectors.webhook.signature import headers_for
from shared.contracts.commands import Command
from shared.contracts.envelope import format_time
from shared.http.addresses import Forbidden, Pinned, pin

ANSWER_SECONDS_MAX = 25.0
"""How long a receipt is waited for before the command comes again."""
POST_SECONDS_MAX = 10.0
RESOLVE_SECONDS_MAX = 5.0
FETCHES_FRESH_SECONDS = 60.0
"""A bot that has not fetched for so long is away."""
ANSWER_BYTES_MAX = 65_536
DETAIL_CHARACTERS_MAX = 200


@dataclass(slots=True)
class Laid:
    """A command that waits for its receipt."""

    bot: str
    document: dict[str, Any]
    answer: "asyncio.Future[Done]"
    fetched: bool = False


@dataclass(slots=True)
class Desk:
    """The webhook connector as a platform."""

    bots: dict[str, Bot]
    client: httpx.AsyncClient
    name: str = "webhook"
    rates: tuple[Rate, ...] = (Rate(2_000, 1.0),)
    channel_rates: tuple[Rate, ...] = (Rate(20, 1.0),)
    drops_doubles: bool = True
    """That is asked of every bot: it knows the ids that it has seen."""
    _laid: dict[str, Laid] = field(default_factory=dict)
    _fetched_at: dict[str, float] = field(default_factory=dict)
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)

    def bot_of(self, claim: Claim) -> Bot:
        """Whose place it is."""
        return next(bot for bot in self.bots.values() if claim in bot.claims)

    def ability(self, claim: Claim, channel_id: str | None) -> Ability:
        """What its file says."""
        bot = self.bot_of(claim)
        return Ability(bot.capabilities, bot.mute_seconds_max)

    async def carry_out(self, claim: Claim, command: Command, command_id: str) -> Done:
        """Hand it to the bot and wait for its receipt."""
        bot = self.bot_of(claim)
        if bot.commands_url is None and not self._fetches(bot):
            raise NotYet(f"bot {bot.name} does not fetch its commands")
        laid = Laid(bot.name, _document(command, command_id), asyncio.get_running_loop().create_future())
        self._laid[command_id] = laid
        try:
            if bot.commands_url is not None:
                await self._post(bot, bot.commands_url, laid)
            else:
                async with self._news:
                    self._news.notify_all()
            async with asyncio.timeout(ANSWER_SECONDS_MAX):
                return await laid.answer
        except TimeoutError:
            raise Unreachable(f"bot {bot.name} sent no receipt") from None
        finally:
            del self._laid[command_id]

    async def fetch(self, bot: Bot, limit: int, wait_seconds: float) -> list[dict[str, Any]]:
        """Commands for the bot, as soon as there are some; none when the time is over."""
        self._fetched_at[bot.name] = time.monotonic() + wait_seconds
        try:
            async with asyncio.timeout(wait_seconds), self._news:
                await self._news.wait_for(lambda: bool(self._open(bot)))
        except TimeoutError:
            return []
        found = self._open(bot)[:limit]
        for laid in found:
            laid.fetched = True
        return [laid.document for laid in found]

    def answer(self, bot: Bot, command_id: str, done: Done | Exception) -> bool:
        """The bot's receipt; False when nothing waits for it here."""
        laid = self._laid.get(command_id)
        if laid is None or laid.bot != bot.name:
            return False
        if not laid.answer.done():
            if isinstance(done, Done):
                laid.answer.set_result(done)
            else:
                laid.answer.set_exception(done)
        return True

    def _fetches(self, bot: Bot) -> bool:
        last = self._fetched_at.get(bot.name)
        return last is not None and time.monotonic() - last < FETCHES_FRESH_SECONDS

    def _open(self, bot: Bot) -> list[Laid]:
        return [laid for laid in self._laid.values() if laid.bot == bot.name and not laid.fetched]

    async def _post(self, bot: Bot, url: str, laid: Laid) -> None:
        body = httpx.Request("POST", url, json=laid.document).content
        headers = headers_for(bot.keys, laid.document["id"], int(time.time()), body)
        headers |= {"content-type": "application/json", "hearth-bot": bot.name}
        extensions: dict[str, Any] = {}
        if not bot.private_address:
            url, host, extensions = await _pinned(url)
            # a connection to an address is trusted for one name: none is kept for another
            headers |= {"host": host, "connection": "close"}
        try:
            response = await self.client.post(
                url, content=body, headers=headers, timeout=POST_SECONDS_MAX, follow_redirects=False,
                extensions=extensions,
            )  # fmt: skip
        except httpx.HTTPError as error:
            raise Unreachable(f"bot {bot.name} does not answer: {type(error).__name__}") from None
        if response.is_success:
            self._take_receipt(bot, laid, response)
            return
        told = f"bot {bot.name} answered {response.status_code}"
        if response.status_code == httpx.codes.TOO_MANY_REQUESTS:
            raise Busy(told, _seconds(response.headers.get("retry-after")))
        if response.is_server_error or response.status_code in (httpx.codes.REQUEST_TIMEOUT, 409, 425):
            raise Unreachable(told)
        raise Refused(told)

    def _take_receipt(self, bot: Bot, laid: Laid, response: httpx.Response) -> None:
        """A receipt in the answer itself; any other answer means that it comes later."""
        if len(response.content) > ANSWER_BYTES_MAX:
            return
        try:
            outcome = Outcome.model_validate_json(response.content)
        except ValueError:
            return
        self.answer(bot, laid.document["id"], outcome.as_result())


async def _pinned(url: str) -> Pinned:
    try:
        async with asyncio.timeout(RESOLVE_SECONDS_MAX):
            return await pin(url)
    except Forbidden as error:
        raise Refused(f"commands_url: {error}") from None
    except (OSError, ValueError) as error:
        raise Unreachable(f"the host of commands_url is not found: {type(error).__name__}") from None


def _document(command: Command, command_id: str) -> dict[str, Any]:
    return {
        "id": command_id,
        "type": command.TYPE,
        "expires_at": format_time(command.expires_at),
        "data": command.model_dump(mode="json", exclude_none=True),
    }


def _seconds(text: str | None) -> float:
    return float(text) if text and text.isascii() and text.isdigit() else 1.0
