"""Telegram Desktop's `result.json` message by message: one chat or a whole account, never all at once."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any, NamedTuple

import ijson

_HEADER = re.compile(r"(?:(?:left_)?chats\.list\.item\.)?(id|name|type)")
_CHAT = re.compile(r"(?:left_)?chats\.list\.item")
_MESSAGE = re.compile(r"(?:(?:left_)?chats\.list\.item\.)?messages\.item")
GROUP_TYPES = frozenset(
    ("private_group", "private_supergroup", "public_supergroup", "private_channel", "public_channel")
)


@dataclass(slots=True)
class Chat:
    """The chat that messages belong to, as far as the file has told."""

    id: str = "telegram"
    name: str = ""
    type: str = ""

    @property
    def is_private(self) -> bool:
        """A conversation of two, or with oneself: no community."""
        return bool(self.type) and self.type not in GROUP_TYPES


class Found(NamedTuple):
    """One element of a chat's list of messages, whatever it is."""

    number: int
    """Counts the messages of the file from 1."""
    chat: Chat
    message: Any


def messages(content: IO[bytes]) -> Iterator[Found]:
    """All messages in the file's order. Raises ijson.JSONError where the file is no JSON any more."""
    chat, number = Chat(), 0
    steps = ijson.parse(content, use_float=True)
    for place, step, value in steps:
        if step == "start_map" and _CHAT.fullmatch(place):
            chat = Chat()
        elif _MESSAGE.fullmatch(place) and step not in ("end_map", "end_array"):
            number += 1
            yield Found(number, chat, _element(steps, place, step, value))
        elif (header := _HEADER.fullmatch(place)) and value is not None:
            setattr(chat, header.group(1), str(value))


def _element(steps: Iterator[tuple[str, str, Any]], place: str, step: str, value: Any) -> Any:
    """The element that begins with this step, taking as many further steps as it has."""
    if step not in ("start_map", "start_array"):
        return value
    builder = ijson.ObjectBuilder()
    builder.event(step, value)
    for inner_place, inner_step, inner_value in steps:
        builder.event(inner_step, inner_value)
        if inner_place == place and inner_step in ("end_map", "end_array"):
            break
    return builder.value
