"""Slack: the zip of a workspace export. Only channels are read, never conversations of a few.

Who reacted is there, when is not, so it is the message's time.
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
from connectors.slack.text import plain

_DAY = re.compile(r"(?:.*/)?([^/]+)/(\d{4}-\d{2}-\d{2})\.json")
SAID = frozenset((None, "me_message", "thread_broadcast", "file_share", "bot_message", "reminder_add"))
CAME = frozenset(("channel_join", "group_join"))
WENT = frozenset(("channel_leave", "group_leave"))


class SlackExport:
    """One zip is one workspace."""

    def read(self, source: Source, reading: Reading) -> Iterator[Item]:
        """All channels' messages, day by day, in order of time within each."""
        number = 0
        try:
            with opened(source.path) as archive:
                workspace = _Workspace.of(archive, Scribe(reading))
                for names in workspace.days(archive):
                    for channel, record in _of_one_day(archive, names):
                        number += 1
                        yield from told(number, partial(workspace.items, number, channel, record))
            source.finished()
        except Broken as error:
            yield BadLine(number + 1, str(error))


def _of_one_day(archive: Archive, names: list[tuple[str, str]]) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for channel, name in names:
        records = archive.json(name)
        if not isinstance(records, list):
            raise Broken(f"{name} is no list of messages")
        found += [(channel, record) for record in records]
    return sorted(found, key=lambda each: _order(each[1]))


def _order(record: Any) -> float:
    try:
        return float(record["ts"])
    except (KeyError, TypeError, ValueError):
        return 0.0


@dataclass(frozen=True, slots=True)
class _Workspace:
    """Who and what the ids are."""

    scribe: Scribe
    names: dict[str, str] = field(default_factory=dict)
    channels: frozenset[str] | None = None
    """Folders that are channels; None when the export does not say."""

    @classmethod
    def of(cls, archive: Archive, scribe: Scribe) -> "_Workspace":
        names = {
            str(user["id"]): str((user.get("profile") or {}).get("display_name") or user.get("name") or "")
            for user in _list(archive, "users.json")
        }
        listed = [*_list(archive, "channels.json"), *_list(archive, "groups.json")]
        folders = frozenset(str(each["name"]) for each in listed if each.get("name"))
        return cls(scribe, names, folders or None)

    def days(self, archive: Archive) -> Iterator[list[tuple[str, str]]]:
        """The files of each day with their channels, in order of days."""
        by_day: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for name in archive.names:
            day = _DAY.fullmatch(name)
            if day and (self.channels is None or day.group(1) in self.channels):
                by_day[day.group(2)].append((day.group(1), name))
        for day_name in sorted(by_day):
            yield by_day[day_name]

    def items(self, number: int, channel: str, record: dict[str, Any]) -> Iterator[Item]:
        """What one record tells."""
        kind, moment = record.get("subtype"), from_seconds(record.get("ts"))
        if kind in SAID:
            yield self._posted(channel, record)
            message_id = f"{channel}:{record['ts']}"
            for reaction in record.get("reactions") or ():
                for user in reaction.get("users") or ():
                    yield self.scribe.reacted(
                        moment, user, str(reaction["name"]), message_id=message_id, channel_id=channel
                    )
        elif kind in CAME:
            who = str(record["user"])
            yield self.scribe.joined(moment, who, channel, record.get("inviter"), self.names.get(who))
        elif kind in WENT:
            yield self.scribe.left(moment, str(record["user"]), channel)
        else:
            yield Skipped(number, f"message of type {str(kind)[:40]}")

    def _posted(self, channel: str, record: dict[str, Any]) -> Item:
        who = record.get("user") or record.get("bot_id") or record.get("username")
        if not isinstance(who, str):
            raise BadRecord("user is missing")
        text, mentions = plain(record.get("text") or "", self.names)
        thread = record.get("thread_ts")
        is_answer = thread is not None and thread != record["ts"]
        return self.scribe.posted(
            from_seconds(record["ts"]),
            who,
            message_id=f"{channel}:{record['ts']}",
            channel_id=channel,
            text=text,
            thread=str(thread) if is_answer else None,
            member_name=self.names.get(who) or record.get("username") or None,
            mentions=mentions,
            attachments=[_file(each) for each in record.get("files") or ()],
            reply_to=f"{channel}:{thread}" if is_answer else None,
            is_bot=record.get("subtype") == "bot_message" or bool(record.get("bot_id")),
        )


def _list(archive: Archive, file: str) -> list[dict[str, Any]]:
    name = next((each for each in archive.names if each == file or each.endswith(f"/{file}")), None)
    content = archive.json(name) if name else []
    return [each for each in content if isinstance(each, dict) and each.get("id")]


def _file(raw: dict[str, Any]) -> tuple[str, str]:
    major = str(raw.get("mimetype") or "").partition("/")[0]
    return (major if major in ("image", "video", "audio") else "file"), str(raw.get("name") or "")
