"""Feishu's contents of messages, read and written. Source: open.feishu.cn, message content."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic_core import from_json

from shared.contracts.chat import Attachment

ATTACHMENTS_MAX = 50
PARAGRAPHS_MAX = 100
ATTACHED = {"image": "image", "media": "video", "audio": "audio", "file": "file", "sticker": "sticker",
            "interactive": "card", "share_chat": "card", "share_user": "card"}  # fmt: skip
IN_POSTS = {"img": "image", "media": "video"}
_NAMED = re.compile(r"@_(?:user_\d+|all)")


@dataclass(frozen=True, slots=True)
class Content:
    """The text as people read it, and what is sent with it."""

    text: str
    attachments: tuple[Attachment, ...] = ()


def plain(kind: str, content: str, names: Mapping[str, str]) -> Content:
    """What a message says. Raises ValueError or TypeError for what is none of Feishu's."""
    raw = from_json(content)
    if kind == "text":
        return Content(_NAMED.sub(lambda mark: f"@{names.get(mark.group(), 'all')}", raw["text"]))
    if kind == "post":
        return _of_post(raw, names)
    return Content("", (_attachment(ATTACHED.get(kind, "other"), str(raw.get("file_name") or "")),))


def _of_post(raw: dict[str, Any], names: Mapping[str, str]) -> Content:
    paragraphs = ["".join(_words(part, names) for part in each) for each in raw["content"]]
    lines = [raw.get("title") or "", *paragraphs]
    sent = [_attachment(kind) for kind in _pictures(raw["content"])]
    return Content("\n".join(each for each in lines if each), tuple(sent[:ATTACHMENTS_MAX]))


def _words(part: dict[str, Any], names: Mapping[str, str]) -> str:
    match part["tag"]:
        case "at":
            return f"@{names.get(part['user_id']) or part.get('user_name') or 'all'}"
        case "a":
            label, target = part.get("text") or "", part.get("href") or ""
            return label if target in ("", label) else f"{label} {target}"
        case "emotion":
            return f"[{part.get('emoji_type')}]"
    return str(part.get("text") or "")


def _pictures(paragraphs: list[list[dict[str, Any]]]) -> Iterator[str]:
    for each in paragraphs:
        yield from (IN_POSTS[part["tag"]] for part in each if part["tag"] in IN_POSTS)


def _attachment(kind: str, name: str = "") -> Attachment:
    return Attachment.model_validate({"kind": kind, "name": name[:512]})


def written(text: str, mention: str | None) -> str:
    """A text to be sent: nothing in it is a mark, which plain messages would take `<at …>` and `**` for."""
    lines = text.split("\n", PARAGRAPHS_MAX - 1)
    paragraphs: list[list[dict[str, str]]] = [[{"tag": "text", "text": line}] for line in lines]
    if mention is not None:
        paragraphs[0][:0] = [{"tag": "at", "user_id": mention}, {"tag": "text", "text": " "}]
    return json.dumps({"zh_cn": {"content": paragraphs}}, ensure_ascii=False)
