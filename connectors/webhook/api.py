"""What bots may ask: hand events in, fetch commands, send receipts."""

import json
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field
from pydantic_core import from_json

from connectors.sdk.claims import claim_for
from connectors.sdk.command_intake import restore
from connectors.sdk.connector import Connector
from connectors.sdk.incoming import Incoming, split
from connectors.sdk.outcomes import Done, Refused, Unreachable
from connectors.sdk.outlet import Unavailable
from connectors.sdk.receipts import Failure, executed, failed
from connectors.webhook.bots import Bot
from connectors.webhook.desk import Desk
from connectors.webhook.guard import BOT
from connectors.webhook.receipt import Receipt
from connectors.webhook.refusals import refuse
from shared.http.problems import Kind

EVENTS_MAX = 500
COMMANDS_MAX = 20
WAIT_SECONDS_MAX = 25.0
RETRY_AFTER_SECONDS = "5"
ACCEPTED = 202


class EventIn(BaseModel):
    """One event; `type` and `data` are those of docs/events."""

    type: str = Field(examples=["message.posted"])
    time: str = Field(
        description="When it happened: RFC 3339 with a zone.", examples=["2026-03-01T20:15:03+08:00"]
    )
    data: dict[str, Any]


class EventsIn(BaseModel):
    """A batch, in order."""

    events: list[EventIn] = Field(max_length=EVENTS_MAX)


class RefusedEvent(BaseModel):
    """One event of a batch that was not taken."""

    index: int
    slug: str = Field(examples=["invalid", "unknown_type", "foreign_community", "clock"])
    detail: str


class Taken(BaseModel):
    """What became of a batch: what was taken is durable."""

    accepted: int
    refused: list[RefusedEvent]


class CommandOut(BaseModel):
    """A command; `type` and `data` are those of docs/events."""

    id: str
    type: str = Field(examples=["delete_message"])
    expires_at: str
    data: dict[str, Any]


class CommandsOut(BaseModel):
    """Commands to carry out, the first first. One without a receipt comes again, under the same id."""

    commands: list[CommandOut]


class Settled(BaseModel):
    """Whether the receipt was the command's first."""

    first: bool


_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "anyOf": [
                        EventIn.model_json_schema(),
                        {"type": "array", "items": EventIn.model_json_schema(), "maxItems": EVENTS_MAX},
                        {
                            "type": "object",
                            "required": ["events"],
                            "properties": {"events": {"type": "array", "items": EventIn.model_json_schema()}},
                        },
                    ]
                }
            }
        },
    }
}


def router(connector: Connector, desk: Desk) -> APIRouter:
    """The routes; the guard has put the bot into the request's scope."""
    routes = APIRouter(prefix="/v1")

    @routes.post("/events", status_code=ACCEPTED, openapi_extra=_BODY)
    async def take_events(request: Request) -> Taken:
        """Take one event or several, in order; 202 when they are durable, 503 when that is not known."""
        bot: Bot = request.scope[BOT]
        incoming = Incoming(connector.connector_id, bot.claims)
        taken, refused = split(incoming.read(item) for item in _items(await request.body()))
        told = [RefusedEvent(index=index, slug=why.slug, detail=why.detail) for index, why in refused]
        if not taken and told:
            raise refuse("events-refused", Kind.INVALID, refused=[each.model_dump() for each in told])
        try:
            await connector.publish(taken)
        except Unavailable:
            again = {"retry-after": RETRY_AFTER_SECONDS}
            raise refuse("kafka-away", Kind.UNAVAILABLE, headers=again) from None
        return Taken(accepted=len(taken), refused=told)

    @routes.get("/commands")
    async def fetch_commands(
        request: Request,
        wait: Annotated[float, Query(ge=0, le=WAIT_SECONDS_MAX, description="Seconds to wait.")] = 0,
        limit: Annotated[int, Query(ge=1, le=COMMANDS_MAX)] = COMMANDS_MAX,
    ) -> CommandsOut:
        """Fetch commands of a bot that has no commands_url; answers as soon as there is one."""
        bot: Bot = request.scope[BOT]
        connector.executor.retry_now()
        found = await desk.fetch(bot, limit, wait)
        return CommandsOut(commands=[CommandOut.model_validate(each) for each in found])

    @routes.post("/receipts")
    async def take_receipt(request: Request, receipt: Receipt) -> Settled:
        """Say what became of a command. The first receipt stands; further ones change nothing."""
        bot: Bot = request.scope[BOT]
        is_awaited = desk.answer(bot, receipt.command_id, receipt.as_result())
        return Settled(first=is_awaited or await _settle_late(connector, bot, receipt))

    return routes


def _decode(body: bytes) -> Any:
    """The fast decoder, which refuses lone surrogates, then the lenient one."""
    try:
        return from_json(body)
    except ValueError:
        pass
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise refuse("not-json", Kind.MALFORMED) from None


def _items(body: bytes) -> list[Any]:
    content = _decode(body)
    if isinstance(content, dict):
        content = content["events"] if isinstance(content.get("events"), list) else [content]
    if not isinstance(content, list) or not content:
        raise refuse("events-missing", Kind.INVALID)
    if len(content) > EVENTS_MAX:
        raise refuse("too-many-events", Kind.TOO_LARGE)
    return content


async def _settle_late(connector: Connector, bot: Bot, receipt: Receipt) -> bool:
    """A receipt for which nothing waits any more, or not since a restart: it settles what is still open."""
    found = await connector.store.find(receipt.command_id)
    command = restore(found[0].ce_type, found[0].payload)[0] if found else None
    if found is None or command is None or claim_for(bot.claims, command) is None:
        raise refuse("command-unknown", Kind.NOT_FOUND)
    kept, is_open = found
    result = receipt.as_result()
    if not is_open or isinstance(result, Unreachable):
        return False
    if isinstance(result, Done):
        return await connector.receipts.keep(kept, command, executed(command, kept, result))
    failure: Failure = "refused" if isinstance(result, Refused) else "unsupported"
    return await connector.receipts.keep(kept, command, failed(command, kept, failure, receipt.detail))
