"""Discord: a channel as DiscordChatExporter writes it in JSON. Edited messages have their last text.

Who reacted is there when the export was made with its users; when is not, so it is the message's time.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import ijson

from connectors.imports.reading import BadLine, BadRecord, Item, Reading, Skipped
from connectors.imports.record import Scribe, from_iso, told
from connectors.imports.source import Broken, Source

SAID = frozenset(
    ("Default", "Reply", "ChatInputCommand", "ContextMenuCommand", "ThreadStarterMessage", "0", "19")
)
CAME = frozenset(("GuildMemberJoin", "RecipientAdd", "7", "1"))
WENT = frozenset(("RecipientRemove", "2"))
NO_GUILD = "0"
_HEADER = re.compile(r"(guild|channel)\.(id|name)")
IMAGES = (".png", ".jpg", ".jpeg", ".gif", ".webp")


class DiscordExport:
    """One file is one channel."""

    def read(self, source: Source, reading: Reading) -> Iterator[Item]:
        """The channel's messages, reactions and joins."""
        channel, number = _Channel(Scribe(reading)), 0
        try:
            with source.open() as content:
                steps = ijson.parse(content, use_float=True)
                for place, step, value in steps:
                    if place == "messages.item" and step == "start_map":
                        number += 1
                        message = _whole(steps, place, step, value)
                        yield from told(number, partial(channel.items, number, message))
                    elif (header := _HEADER.fullmatch(place)) and value is not None:
                        channel.header[header.group()] = str(value)
            source.finished()
        except (ijson.JSONError, UnicodeDecodeError) as error:
            yield BadLine(number + 1, f"the file is no JSON from here on: {str(error)[:120]}")
        except (Broken, OSError, EOFError) as error:
            yield BadLine(number + 1, str(error))


def _whole(steps: Iterator[tuple[str, str, Any]], place: str, step: str, value: Any) -> Any:
    """The object that begins with this step."""
    builder = ijson.ObjectBuilder()
    builder.event(step, value)
    for inner_place, inner_step, inner_value in steps:
        builder.event(inner_step, inner_value)
        if inner_place == place and inner_step == "end_map":
            break
    return builder.value


@dataclass(slots=True)
class _Channel:
    """The channel that the file is of."""

    scribe: Scribe
    header: dict[str, str] = field(default_factory=dict)

    def items(self, number: int, message: dict[str, Any]) -> Iterator[Item]:
        """What one message tells."""
        if self.header.get("guild.id") == NO_GUILD:
            yield Skipped(number, "message of a private conversation")
            return
        kind, moment = str(message.get("type")), from_iso(message.get("timestamp"))
        author = message["author"]
        channel_id, who, name = self._channel_id, _id(author), author.get("nickname") or author.get("name")
        if kind in SAID:
            yield self._posted(message, who, name)
            yield from self._reactions(message)
        elif kind in CAME:
            comers = message.get("mentions") or [author]
            for comer in comers if kind.startswith("R") or kind == "1" else [author]:
                yield self.scribe.joined(moment, _id(comer), channel_id, who, comer.get("name"))
        elif kind in WENT:
            for goer in message.get("mentions") or [author]:
                yield self.scribe.left(moment, _id(goer), channel_id, who)
        else:
            yield Skipped(number, f"message of type {kind[:40]}")

    @property
    def _channel_id(self) -> str:
        if "channel.id" not in self.header:
            raise BadRecord("the file does not name its channel")
        return self.header["channel.id"]

    def _posted(self, message: dict[str, Any], who: str, name: str | None) -> Item:
        reference = message.get("reference") or {}
        files = [(_kind(each["fileName"]), each["fileName"]) for each in message.get("attachments") or ()]
        files += [("sticker", each.get("name") or "") for each in message.get("stickers") or ()]
        files += [("card", each.get("title") or "") for each in message.get("embeds") or ()]
        return self.scribe.posted(
            from_iso(message.get("timestamp")),
            who,
            message_id=_id(message),
            channel_id=self._channel_id,
            text=message.get("content") or "",
            member_name=name,
            mentions=[_id(each) for each in message.get("mentions") or ()],
            attachments=files,
            reply_to=str(reference["messageId"]) if reference.get("messageId") else None,
            is_bot=message["author"].get("isBot") is True,
        )

    def _reactions(self, message: dict[str, Any]) -> Iterator[Item]:
        moment = from_iso(message.get("timestamp"))
        for reaction in message.get("reactions") or ():
            emoji = reaction["emoji"].get("name") or reaction["emoji"].get("code") or reaction["emoji"]["id"]
            for user in reaction.get("users") or ():
                yield self.scribe.reacted(
                    moment, _id(user), emoji, message_id=_id(message), channel_id=self._channel_id
                )


def _id(thing: dict[str, Any]) -> str:
    if not thing.get("id"):
        raise BadRecord("id is missing")
    return str(thing["id"])


def _kind(name: str) -> str:
    return "image" if name.lower().endswith(IMAGES) else "file"
