"""Zulip: the tar (or zip) of an organisation's export: `realm.json` and `messages-….json`. Streams only.

Reactions have no time, so it is the message's.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from connectors.imports.archive import Archive, opened
from connectors.imports.reading import BadLine, BadRecord, Item, Reading, Skipped
from connectors.imports.record import Scribe, from_seconds, told
from connectors.imports.source import Broken, Source

_MESSAGES = re.compile(r"(?:.*/)?messages-\d+\.json")
_MENTION = re.compile(r"@(?:_)?\*\*([^*|]+)(?:\|(\d+))?\*\*")
STREAM = 2


class ZulipExport:
    """One archive is one organisation."""

    def read(self, source: Source, reading: Reading) -> Iterator[Item]:
        """The streams' messages and reactions, in the order of the files."""
        number = 0
        try:
            with opened(source.path) as archive:
                realm = _Realm.of(archive, Scribe(reading))
                for name in (each for each in archive.names if _MESSAGES.fullmatch(each)):
                    content = archive.json(name)
                    realm.learn(content)
                    for record in content.get("zerver_message") or ():
                        number += 1
                        yield from told(number, partial(realm.items, number, record))
            source.finished()
        except (Broken, AttributeError, KeyError) as error:
            yield BadLine(number + 1, str(error))


@dataclass(frozen=True, slots=True)
class _Realm:
    """Who and what the numbers are."""

    scribe: Scribe
    users: dict[int, dict[str, Any]] = field(default_factory=dict)
    streams: dict[int, str] = field(default_factory=dict)
    """Names by recipient; recipients that are no stream are not there."""
    reactions: dict[int, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    def of(cls, archive: Archive, scribe: Scribe) -> "_Realm":
        name = next((each for each in archive.names if each.endswith("realm.json")), None)
        if name is None:
            raise Broken("realm.json is not in the archive")
        content = archive.json(name)
        users = [*content.get("zerver_userprofile", ()), *content.get("zerver_userprofile_crossrealm", ())]
        names = {each["id"]: each["name"] for each in content.get("zerver_stream", ())}
        recipients = [each for each in content.get("zerver_recipient", ()) if each["type"] == STREAM]
        realm = cls(
            scribe,
            {each["id"]: each for each in users},
            {each["id"]: names[each["type_id"]] for each in recipients if each["type_id"] in names},
        )
        realm.learn(content)
        return realm

    def learn(self, content: dict[str, Any]) -> None:
        """Note the reactions of a file."""
        for each in content.get("zerver_reaction") or ():
            self.reactions[each["message"]].append(each)

    def items(self, number: int, record: dict[str, Any]) -> Iterator[Item]:
        """What one message tells."""
        stream = self.streams.get(record["recipient"])
        if stream is None:
            yield Skipped(number, "message of a private conversation")
            return
        user, moment = self.users.get(record["sender"]), from_seconds(record.get("date_sent"))
        if user is None:
            raise BadRecord("the sender is not in realm.json")
        message_id = str(record["id"])
        yield self.scribe.posted(
            moment,
            str(record["sender"]),
            message_id=message_id,
            channel_id=stream,
            text=record.get("content") or "",
            thread=record.get("subject") or None,
            member_name=user.get("full_name"),
            mentions=self._mentioned(record.get("content") or ""),
            attachments=[("file", "")] if record.get("has_attachment") else (),
            is_bot=user.get("is_bot") is True,
        )
        for reaction in self.reactions.get(record["id"], ()):
            yield self.scribe.reacted(
                moment,
                str(reaction["user_profile"]),
                str(reaction["emoji_name"]),
                message_id=message_id,
                channel_id=stream,
            )

    def _mentioned(self, text: str) -> list[str]:
        named = {str(user.get("full_name")): number for number, user in self.users.items()}
        found = []
        for name, number in _MENTION.findall(text):
            who = number or named.get(name)
            if who:
                found.append(str(who))
        return found
