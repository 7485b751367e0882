"""Lets only signed requests of known bots in; standing before the routes, it guards a forgotten one too."""

import time
from collections.abc import Mapping

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from connectors.sdk.metrics import EVENTS_REFUSED
from connectors.webhook.bots import Bot
from connectors.webhook.refusals import refuse
from connectors.webhook.signature import BadSignature, Seen, verify
from shared.http.guard import OPEN_METHODS, OPEN_PATHS
from shared.http.problems import Kind

BOT_HEADER = "hearth-bot"
BOT = "hearth.bot"
"""Where the scope keeps who sent the request."""
_NOBODY = (b"\x00" * 32,)
_SERVER_ERROR = 500


class SignatureGuard:
    """Asks every request but the health checks for a bot's name and signature; the body is read already."""

    def __init__(self, app: ASGIApp, bots: Mapping[str, Bot]) -> None:
        self._app = app
        self._bots = bots
        self._seen = Seen()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with its bot, or raise the refusal."""
        is_open = scope["type"] == "http" and scope["path"] in OPEN_PATHS and scope["method"] in OPEN_METHODS
        if scope["type"] != "http" or is_open:
            if scope["type"] != "websocket":
                await self._app(scope, receive, send)
            return
        message = await receive()
        bot, message_id = self._check(Headers(scope=scope), message.get("body", b""))
        await self._once(bot, message_id, {**scope, BOT: bot}, _replaying(message, receive), send)

    def _check(self, headers: Headers, body: bytes) -> tuple[Bot, str]:
        bot = self._bots.get(headers.get(BOT_HEADER, ""))
        try:
            # an unknown bot costs as long as a wrong signature, and is told the same
            message_id = verify(bot.keys if bot else _NOBODY, headers, body, time.time())
            if bot is None:
                raise BadSignature("signature-wrong")
        except BadSignature as error:
            EVENTS_REFUSED.labels("signature").inc()
            raise refuse(error.slug, Kind.UNAUTHENTICATED, server_time=int(time.time())) from None
        return bot, message_id

    async def _once(self, bot: Bot, message_id: str, scope: Scope, receive: Receive, send: Send) -> None:
        if not self._seen.first(bot.name, message_id):
            raise refuse("replayed", Kind.CONFLICT)
        failed = True

        async def sending(message: Message) -> None:
            nonlocal failed
            if message["type"] == "http.response.start":
                failed = message["status"] >= _SERVER_ERROR
            await send(message)

        try:
            await self._app(scope, receive, sending)
        finally:
            if failed:
                self._seen.undo(bot.name, message_id)


def _replaying(first: Message, receive: Receive) -> Receive:
    unread = [first]

    async def replay() -> Message:
        return unread.pop() if unread else await receive()

    return replay
