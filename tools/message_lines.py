"""Messages as lines: plain text, or a JSON object with `text` and what else is known of the message."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, BinaryIO, NamedTuple

from pydantic_core import from_json

from connectors.imports.source import LINE_BYTES_MAX
from services.moderation.domain.line_check import Line
from shared.contracts.contract import TEXT_CHARACTERS_MAX

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_IS_JSON = re.compile(rb'\s*\{\s*["}]')
"""Ordinary messages begin with a brace too, hardly with one and a quotation mark."""


class BadLine(NamedTuple):
    """A line that cannot be read, and why."""

    number: int
    why: str


class BadRecord(ValueError):
    """Raised for one line; its text is the line's `why`."""


def read_lines(stream: BinaryIO) -> Iterator[Line | BadLine]:
    """Every line that is not empty, in bounded memory; nothing that it holds raises."""
    number = 0
    while content := stream.readline(LINE_BYTES_MAX + 1):
        number += 1
        if len(content) > LINE_BYTES_MAX:
            while content and not content.endswith(b"\n"):
                content = stream.readline(LINE_BYTES_MAX)
            yield BadLine(number, "the line is too long")
        elif content.strip():
            yield _line(number, content)


def _line(number: int, content: bytes) -> Line | BadLine:
    if not _IS_JSON.match(content):
        return Line(number, content.decode("utf-8", "replace").rstrip("\r\n")[:TEXT_CHARACTERS_MAX])
    try:
        record = decode(content)
        member, sent_at = name_in(record, "member", "sender"), record.get("sent_at")
        sent_us = None if sent_at is None else microseconds(sent_at)
        return Line(number, text_in(record), member, name_in(record, "channel") or "", sent_us)
    except BadRecord as error:
        return BadLine(number, str(error))


def decode(content: bytes) -> dict[str, Any]:
    """The JSON object of a line, lone surrogates and all. Raises BadRecord."""
    try:
        try:
            record = from_json(content)
        except ValueError:
            record = json.loads(content)
    except (ValueError, RecursionError):
        raise BadRecord("the line is no JSON") from None
    if not isinstance(record, dict):
        raise BadRecord("the line is no JSON object")
    return record


def text_in(record: dict[str, Any]) -> str:
    """The message's text. Raises BadRecord where there is none."""
    text = record.get("text")
    if not isinstance(text, str):
        raise BadRecord("text is missing" if text is None else "text is no text")
    return text[:TEXT_CHARACTERS_MAX]


def name_in(record: dict[str, Any], *fields: str) -> str | None:
    """The first of the fields that is there, a text or whole number, as text. Raises BadRecord."""
    for field in fields:
        value = record.get(field)
        if isinstance(value, str) and value:
            return value
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        if value not in (None, ""):
            raise BadRecord(f"{field} is neither a text nor a whole number")
    return None


def microseconds(value: Any) -> int:
    """RFC 3339 or seconds since 1970, as microseconds; without a zone it is UTC. Raises BadRecord."""
    try:
        if isinstance(value, str):
            moment = datetime.fromisoformat(value)
            moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            moment = datetime.fromtimestamp(value, UTC)
        else:
            raise ValueError
    except (ValueError, OverflowError, OSError):
        raise BadRecord("sent_at is no time") from None
    since = moment - EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
