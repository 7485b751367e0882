"""JSON Lines: one message a line, as data people export them.

Fields: `id`, `sent_at` (RFC 3339, or seconds since 1970), `channel`, `topic`, `sender`, `text`, `mentions`
(senders), `reply_to` (an id), `is_bot`. All but `sent_at` and `sender` may be missing.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any

from pydantic import ValidationError
from pydantic_core import from_json

from connectors.imports.authors import Authors
from connectors.imports.explain import explain
from connectors.imports.reading import BadLine, BadRecord, Item, Parsed, Reading
from connectors.imports.source import Broken, Source
from shared.contracts.chat import MessagePosted

DEFAULT_CHANNEL = "general"
MENTIONS_MAX = 200


class JsonLines:
    """One JSON object a line."""

    def read(self, source: Source, reading: Reading) -> Iterator[Item]:
        """The file's messages."""
        authors = Authors()
        number = 0
        try:
            for number, content in source.lines():
                if content is None:
                    yield BadLine(number, "the line is too long")
                elif content.strip():
                    yield _item(number, content, reading, authors)
        except Broken as error:
            yield BadLine(number + 1, str(error))


def _item(number: int, content: bytes, reading: Reading, authors: Authors) -> Item:
    try:
        record = _decode(content)
        if not isinstance(record, dict):
            raise BadRecord("the line is no JSON object")
        return _message(record, content, reading, authors)
    except BadRecord as error:
        return BadLine(number, str(error))
    except ValidationError as error:
        return BadLine(number, explain(error))
    except (ValueError, RecursionError):
        return BadLine(number, "the line is no JSON")


def _decode(content: bytes) -> Any:
    """The fast decoder, which refuses lone surrogates, then the lenient one."""
    try:
        return from_json(content)
    except ValueError:
        return json.loads(content)


def _message(record: dict[str, Any], content: bytes, reading: Reading, authors: Authors) -> Parsed:
    occurred_at = reading.plausible(_moment(record.get("sent_at")))
    message_id = _name(record, "id") or f"line-{blake2b(content, digest_size=12).hexdigest()}"
    member_id = reading.member_id(_name(record, "sender") or "")
    reply_to = _name(record, "reply_to")
    mentions = record.get("mentions") or ()
    if not isinstance(mentions, list | tuple):
        raise BadRecord("mentions is no list")
    event = reading.cleaner.build(
        MessagePosted,
        community_id=reading.community_id,
        channel_id=_name(record, "channel") or DEFAULT_CHANNEL,
        message_id=message_id,
        member_id=member_id,
        text=record.get("text") or "",
        thread=_name(record, "topic"),
        reply_to=reply_to,
        reply_to_member=authors.of(reply_to),
        mentions=tuple(reading.member_id(str(each)) for each in mentions[:MENTIONS_MAX]),
        is_bot=record.get("is_bot") is True,
    )
    authors.remember(message_id, member_id)
    return Parsed(event, occurred_at)


def _name(record: dict[str, Any], field: str) -> str | None:
    """A text or whole number as text; None where it is missing."""
    value = record.get(field)
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise BadRecord(f"{field} is neither a text nor a whole number")


def _moment(value: Any) -> datetime:
    try:
        if isinstance(value, str):
            return datetime.fromisoformat(value)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        pass
    raise BadRecord("sent_at is missing" if value is None else "sent_at is no time")
