"""The line between an adapter of NoneBot and Hearth: events in the order in which it read them, and calls.

NoneBot's matchers and plugins are not used: an event leaves it where the adapter hands it to its bot.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from aiohttp import ClientConnectorError
from nonebot.adapters import Adapter, Bot, Event
from nonebot.drivers import Request, Response
from nonebot.exception import AdapterException

from connectors.nonebot.telling import Translator
from connectors.sdk.outcomes import Busy, NotYet, Refused, Unreachable, Unsupported, of_status, seconds_of
from connectors.sdk.outlet import Timed
from connectors.sdk.session import Session

EVENTS_WAITING_MAX = 10_000
"""Adapters cannot be slowed down: what comes beyond that while Kafka is away is lost, and told as a gap."""
EVENTS_AT_ONCE = 500
TOLD_AT_ONCE = frozenset({HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.TOO_MANY_REQUESTS})

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Turn:
    """A connection began or ended at that moment."""

    begins: bool
    at: datetime
    resumed: bool = False


@dataclass(slots=True)
class Line:
    """The bot that an adapter has connected; of several the first."""

    outcome_of: Callable[[AdapterException], Exception]
    """What an error of this adapter means, as one of `connectors.sdk.outcomes`."""
    resumes: Callable[[Bot], bool] = lambda bot: False
    """Whether a connection that begins brings what was missed since the one before."""
    bot: Bot | None = None
    _news: "asyncio.Queue[Turn | Event]" = field(default_factory=asyncio.Queue)
    _lost_since: datetime | None = None
    _is_heard: bool = True
    """Whether the connection tells: one that resumes may yet be refused, and brings nothing then."""

    async def call(self, api: str, **fields: Any) -> Any:
        """Call an API of the platform. Raises one of `connectors.sdk.outcomes`."""
        if self.bot is None:
            raise NotYet("the bot is not connected")
        try:
            return await self.bot.call_api(api, **fields)
        except ClientConnectorError as error:
            raise Unreachable(f"no connection: {type(error).__name__}") from None
        except AdapterException as error:
            raise self.outcome_of(error) from None

    def connected(self, bot: Bot) -> None:
        """Hear this bot, unless another one is heard."""
        if self.bot is None:
            self.bot = bot
            self._news.put_nowait(Turn(True, datetime.now(UTC), self.resumes(bot)))

    def disconnected(self, bot: Bot) -> None:
        """Hear it no more."""
        if self.bot is bot:
            self.bot = None
            self._news.put_nowait(Turn(False, datetime.now(UTC)))

    def happened(self, bot: Bot, event: Event) -> None:
        """Queue it."""
        if self.bot is not bot:
            return
        if self._news.qsize() < EVENTS_WAITING_MAX:
            self._news.put_nowait(event)
        elif self._lost_since is None:
            self._lost_since = datetime.now(UTC)
            log.error("events are lost until Kafka takes them", extra={"action": "events_lost"})

    async def run(self, session: Session, translator: Translator[Any]) -> None:
        """Publish what happens until cancelled."""
        while True:
            batch: list[Turn | Event] = [await self._news.get()]
            until = datetime.now(UTC)
            while len(batch) < EVENTS_AT_ONCE and not self._news.empty():
                batch.append(self._news.get_nowait())
            events: list[Timed] = []
            for each in batch:
                if isinstance(each, Event):
                    self._is_heard = True
                    events += translator.events(each)
                    if translator.changes_rights(each):
                        session.learns()
                    continue
                if events:
                    await session.heard(events, each.at)
                    events = []
                if each.begins:
                    self._is_heard = not each.resumed
                    await session.begins(each.at, resumed=each.resumed)
                else:
                    await session.ends(each.at, heard=self._is_heard)
            if events:
                await session.heard(events, until)
            if any(not isinstance(each, Turn) and translator.opens(each) for each in batch):
                session.connector.executor.retry_now()
            if self._lost_since is not None:
                since, self._lost_since = self._lost_since, None
                await session.missed(since, datetime.now(UTC), "more came than Kafka took")


@dataclass(slots=True)
class Resumed:
    """Whether a connection goes on with the session of the one before, which brings what was missed."""

    session: str = ""

    def __call__(self, bot: Bot) -> bool:
        """Ask once for each connection."""
        before, self.session = self.session, str(getattr(bot, "session_id", ""))
        return before == self.session


def listening(adapter: type[Adapter], line: Line) -> type[Adapter]:
    """The adapter, connected to the line instead of NoneBot's matchers."""

    class Listening(adapter):  # type: ignore[misc, valid-type]
        def bot_connect(self, bot: Bot) -> None:
            async def handle_event(event: Event) -> None:
                line.happened(bot, event)

            bot.handle_event = handle_event  # type: ignore[attr-defined]
            super().bot_connect(bot)
            line.connected(bot)

        async def request(self, setup: Request) -> Response:
            """Adapters forget how long they shall wait, and fall over pages that are no JSON."""
            answer: Response = await super().request(setup)
            if answer.status_code in TOLD_AT_ONCE or answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
                raise of_status(answer.status_code, seconds_of(answer.headers.get("retry-after")))
            return answer

        def bot_disconnect(self, bot: Bot) -> None:
            super().bot_disconnect(bot)
            line.disconnected(bot)

    return Listening


def unanswered(error: AdapterException) -> Exception:
    """What is behind an adapter's network error: a status, or no answer.

    Then the call may have been carried out, unless there was no connection at all.
    """
    cause = error.__cause__
    if isinstance(cause, Busy | Refused | Unreachable | Unsupported):
        return cause
    never_sent = isinstance(cause, ClientConnectorError)
    return Unreachable(f"no answer: {type(cause or error).__name__}", unsure=not never_sent)
