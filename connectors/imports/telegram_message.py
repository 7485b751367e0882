"""One message of a Telegram export: its ids, time, text, attachments and reactions."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from connectors.imports.reading import BadRecord, Reading
from connectors.imports.telegram_stream import Chat
from connectors.sdk.cleaning import Cleaner
from shared.contracts.chat import Attachment

MENTIONS_MAX = 200
KINDS = {
    "sticker": "sticker",
    "video_file": "video",
    "video_message": "video",
    "animation": "video",
    "voice_message": "audio",
    "audio_file": "audio",
}
CARDS = ("poll", "contact_information", "location_information", "game_title", "invoice_information")


@dataclass(frozen=True, slots=True)
class Message:
    """The fields of a message and whose history they belong to."""

    fields: dict[str, Any]
    chat: Chat
    reading: Reading

    @property
    def id(self) -> str:
        """Unique over chats: Telegram counts messages in each."""
        number = self.fields.get("id")
        if not isinstance(number, int | str) or isinstance(number, bool):
            raise BadRecord("id is missing")
        return f"{self.chat.id}:{number}"

    @property
    def occurred_at(self) -> datetime:
        """`date_unixtime` where there is one, else `date` in the community's zone."""
        unix = self.fields.get("date_unixtime")
        if unix is None:
            return self.reading.plausible(_local(self.fields.get("date")))
        try:
            moment = datetime.fromtimestamp(int(unix), UTC)
        except (ValueError, TypeError, OverflowError, OSError):
            raise BadRecord("date_unixtime is no time") from None
        return self.reading.plausible(moment)

    @property
    def reply_to(self) -> str | None:
        """The message that this one answers, in the same chat."""
        number = self.fields.get("reply_to_message_id")
        if number is None or self.fields.get("reply_to_peer_id") is not None:
            return None
        return f"{self.chat.id}:{number}"

    def sender(self, field: str) -> str:
        """`user123`, or `channel123` for those who write as a channel; old exports have a bare number."""
        return _sender(self.fields.get(field), field)

    def name(self, field: str) -> str | None:
        """A name, None for a deleted account."""
        value = self.fields.get(field)
        return value if isinstance(value, str) else None

    def reactions(self) -> Iterator[tuple[str, str, datetime]]:
        """Reaction, who, and when; broken ones are left out."""
        for reaction in _dicts(self.fields.get("reactions")):
            label = reaction.get("emoji") or reaction.get("document_id") or reaction.get("type")
            for each in _dicts(reaction.get("recent")):
                try:
                    yield str(label), _sender(each.get("from_id"), "from_id"), self._reacted_at(each)
                except BadRecord:
                    continue

    def _reacted_at(self, reaction: dict[str, Any]) -> datetime:
        """Local times are of the exporting computer: the message has its own in both ways."""
        local = _local(reaction.get("date"))
        if self.fields.get("date_unixtime") is None:
            return self.reading.plausible(local)
        own = _local(self.fields.get("date")).replace(tzinfo=UTC)
        return self.reading.plausible(local.replace(tzinfo=UTC) - (own - self.occurred_at))


def plain_text(fields: dict[str, Any]) -> tuple[str, list[dict[str, Any]]]:
    """The text without its markup, and the marked-up parts."""
    text = fields.get("text") or ""
    if isinstance(text, str):
        return text, _dicts(fields.get("text_entities"))
    if not isinstance(text, list):
        raise BadRecord("text is neither a text nor a list")
    parts = [part if isinstance(part, str) else part.get("text", "") for part in text if _is_part(part)]
    return "".join(str(part) for part in parts), _dicts(text)


def mentioned(entities: list[dict[str, Any]]) -> list[str]:
    """Senders whom the text names with their id; a bare @username tells no id."""
    users = [each.get("user_id") for each in entities if each.get("type") == "mention_name"]
    return [f"user{user}" for user in users if isinstance(user, int)][:MENTIONS_MAX]


def attachments(fields: dict[str, Any], cleaner: Cleaner) -> tuple[Attachment, ...]:
    """Pictures, files, cards, and where a forwarded message came from."""
    found: list[tuple[str, Any]] = []
    if fields.get("photo"):
        found.append(("image", fields["photo"]))
    if fields.get("file"):
        kind = KINDS.get(str(fields.get("media_type")), "file")
        found.append((kind, fields.get("file_name") or fields["file"]))
    found += [("card", name) for name in CARDS if fields.get(name)]
    if fields.get("forwarded_from"):
        found.append(("card", f"forwarded: {fields['forwarded_from']}"))
    return tuple(cleaner.build(Attachment, kind=kind, name=str(name)) for kind, name in found)


def _sender(value: Any, field: str) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return f"user{value}"
    if isinstance(value, str) and value:
        return value
    raise BadRecord(f"{field} is missing")


def _local(value: Any) -> datetime:
    try:
        return datetime.fromisoformat(value)
    except (ValueError, TypeError):
        raise BadRecord("date is no time") from None


def _is_part(part: Any) -> bool:
    return isinstance(part, str | dict)


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
