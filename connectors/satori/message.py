"""What a Satori message says, read from its elements, and messages to be sent."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from nonebot.adapters.satori import Message, MessageSegment
from nonebot.adapters.satori.element import parse

from shared.contracts.chat import Attachment

KINDS = {"img": "image", "video": "video", "audio": "audio", "file": "file"}


@dataclass(slots=True)
class Said:
    """The message as Hearth carries it, with the platform's own ids."""

    texts: list[str] = field(default_factory=list)
    reply_to: str | None = None
    mentions: list[str] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All of it."""
        return "".join(self.texts)


def read(content: str) -> Said:
    """The message of Satori's markup. What it quotes is not said by its author."""
    said = Said()
    for segment in _flat(Message.from_satori_element(parse(content))):
        data = segment.data
        match segment.type:
            case "quote":
                said.reply_to = str(data["id"]) if data.get("id") else said.reply_to
            case "at":
                if data.get("id"):
                    said.mentions.append(str(data["id"]))
                said.texts.append(f"@{data.get('name') or data.get('id') or data.get('type') or ''} ")
            case "sharp":
                said.texts.append(f"#{data.get('name') or data.get('id') or ''} ")
            case "emoji":
                said.texts.append(f"[{data.get('name') or data.get('id') or ''}]")
            case kind if kind in KINDS:
                label = {"name": str(data.get("title") or "")[:512], "url": str(data.get("src") or "")[:512]}
                said.attachments.append(Attachment.model_validate({"kind": KINDS[kind], **label}))
            case "message":
                said.attachments.append(Attachment(kind="card", name="forwarded"))
            case "text" | "link" | "br":
                said.texts.append(_linked(segment))
    return said


def _flat(message: Message) -> Iterator[MessageSegment]:
    for segment in message:
        yield segment
        if segment.type not in ("quote", "message"):
            yield from _flat(segment.children)


def _linked(segment: MessageSegment) -> str:
    text, shown = str(segment.data.get("text", "")), segment.data.get("display")
    return f"{shown} {text}" if shown and shown != text else text


def message_of(text: str, *, reply_to: str | None, mention: str | None) -> str:
    """A message to be sent: nothing in the text is markup."""
    made = Message()
    if reply_to is not None:
        made.append(MessageSegment.quote(reply_to))
    if mention is not None:
        made += [MessageSegment.at(mention), MessageSegment.text(" ")]
    made.append(MessageSegment.text(text))
    return str(made)
