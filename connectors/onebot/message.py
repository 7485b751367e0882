"""What a OneBot v11 message says, in either of its forms: a list of segments, or text with CQ codes."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from shared.contracts.chat import Attachment

_CODE = re.compile(r"\[CQ:([a-z_]{1,40})((?:,[^,\[\]]{1,4000})*)\]")
KINDS = {
    "image": "image",
    "video": "video",
    "record": "audio",
    "file": "file",
    "mface": "sticker",
    "json": "card",
}
MENTIONS_MAX = 200
ATTACHMENTS_MAX = 50
ALL = "all"


class Segment(NamedTuple):
    """A piece of a message."""

    kind: str
    data: dict[str, str]


@dataclass(frozen=True, slots=True)
class Said:
    """The message as Hearth carries it, with the platform's own ids."""

    text: str
    reply_to: str | None
    mentions: tuple[str, ...]
    attachments: tuple[Attachment, ...]


def read(message: Any) -> Said:
    """Either form. Raises ValueError for a third one."""
    if isinstance(message, str):
        return _said(_codes(message))
    if isinstance(message, list):
        return _said(Segment(str(each["type"]), _texts(each.get("data"))) for each in message)
    raise ValueError("a message is a text or a list")


def _texts(data: Any) -> dict[str, str]:
    return {str(name): str(value) for name, value in (data or {}).items() if value is not None}


def _codes(message: str) -> Iterator[Segment]:
    end = 0
    for code in _CODE.finditer(message):
        if code.start() > end:
            yield Segment("text", {"text": _unescaped(message[end : code.start()])})
        pairs = (pair.partition("=") for pair in code.group(2).split(",")[1:])
        yield Segment(code.group(1), {name: _unescaped(value) for name, _, value in pairs})
        end = code.end()
    if end < len(message):
        yield Segment("text", {"text": _unescaped(message[end:])})


def _unescaped(text: str) -> str:
    return text.replace("&#91;", "[").replace("&#93;", "]").replace("&#44;", ",").replace("&amp;", "&")


def _said(segments: Iterator[Segment]) -> Said:
    texts: list[str] = []
    reply_to: str | None = None
    mentions: list[str] = []
    attachments: list[Attachment] = []
    for kind, data in segments:
        if kind == "text":
            texts.append(data.get("text", ""))
        elif kind == "at" and data.get("qq"):
            texts.append(f"@{data['qq']} ")
            if data["qq"] != ALL:
                mentions.append(data["qq"])
        elif kind == "reply":
            reply_to = data.get("id") or reply_to
        elif kind == "face":
            texts.append(f"[表情{data.get('id', '')}]")
        elif kind in KINDS:
            attachments.append(_attachment(kind, data))
    return Said(
        "".join(texts), reply_to, tuple(mentions[:MENTIONS_MAX]), tuple(attachments[:ATTACHMENTS_MAX])
    )


def _attachment(kind: str, data: dict[str, str]) -> Attachment:
    return Attachment.model_validate(
        {"kind": KINDS[kind], "name": data.get("file", "")[:512], "url": data.get("url", "")[:512]}
    )


def segments_of(text: str, *, reply_to: str | None, mention: str | None) -> list[dict[str, Any]]:
    """A message to be sent: segments only, so that no member's words become a code."""
    made: list[dict[str, Any]] = []
    if reply_to is not None:
        made.append({"type": "reply", "data": {"id": reply_to}})
    if mention is not None:
        made += [{"type": "at", "data": {"qq": mention}}, {"type": "text", "data": {"text": " "}}]
    return [*made, {"type": "text", "data": {"text": text}}]
