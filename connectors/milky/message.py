"""What a Milky message says, read from the adapter's segments."""

from dataclasses import dataclass, field

from nonebot.adapters.milky import Message

from shared.contracts.chat import Attachment

KINDS = {
    "image": "image",
    "record": "audio",
    "video": "video",
    "file": "file",
    "market_face": "sticker",
    "forward": "card",
    "light_app": "card",
    "xml": "card",
}


@dataclass(slots=True)
class Said:
    """The message as Hearth carries it, with the platform's own ids."""

    texts: list[str] = field(default_factory=list)
    reply_to: int | None = None
    mentions: list[int] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)


def read(message: Message) -> Said:
    """Its segments in order."""
    said = Said()
    for segment in message:
        data = segment.data
        match segment.type:
            case "text":
                said.texts.append(str(data["text"]))
            case "mention":
                said.mentions.append(int(data["user_id"]))
                said.texts.append(f"@{data.get('name') or data['user_id']} ")
            case "mention_all":
                said.texts.append("@all ")
            case "face":
                said.texts.append(f"[表情{data.get('face_id', '')}]")
            case "reply":
                said.reply_to = int(data["message_seq"])
            case kind if kind in KINDS:
                name, url = data.get("file_name") or data.get("summary"), data.get("temp_url")
                label = {"name": str(name or "")[:512], "url": str(url or "")[:512]}
                said.attachments.append(Attachment.model_validate({"kind": KINDS[kind], **label}))
    return said
