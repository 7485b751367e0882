"""NoneBot's adapter for Satori, lenient with what servers leave out, and what its errors mean."""

import asyncio
from typing import Any

from nonebot.adapters.satori import Adapter
from nonebot.adapters.satori.event import Event
from nonebot.adapters.satori.exception import ActionFailed
from nonebot.adapters.satori.models import Event as SatoriEvent
from nonebot.adapters.satori.models import Member
from nonebot.exception import AdapterException, ApiNotAvailable

from connectors.nonebot.line import unanswered
from connectors.sdk.outcomes import Unsupported, of_status, seconds_of


class SatoriAdapter(Adapter):
    """A message without a `member`, which is optional, would end the adapter's connection; its bots would
    keep theirs to the API for ever."""

    def bot_disconnect(self, bot: Any) -> None:
        """The adapter's own, and the end of the bot's HTTP session."""
        super().bot_disconnect(bot)
        closing = asyncio.create_task(bot.sess.close())
        self.tasks.add(closing)
        closing.add_done_callback(self.tasks.discard)

    @staticmethod
    def payload_to_event(payload: SatoriEvent) -> Event:
        """An event of the adapter's own models. Raises ValidationError for a malformed one."""
        if payload.member is None and payload.user is not None:
            payload = payload.model_copy(update={"member": Member(user=payload.user)})
        event: Any = Adapter.payload_to_event(payload)
        assert isinstance(event, Event)
        return event


def outcome_of(error: AdapterException) -> Exception:
    """By the HTTP status, which is all that Satori tells."""
    if isinstance(error, ActionFailed):
        return of_status(error.status_code, seconds_of(error.headers.get("retry-after")))
    if isinstance(error, ApiNotAvailable):
        return Unsupported("no such API")
    return unanswered(error)
