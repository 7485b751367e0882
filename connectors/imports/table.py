"""CSV: one message a row, with a heading; columns are found by their names, or as they are mapped.

Fields: `sent_at` and `sender` must be there, `id`, `channel`, `topic`, `name`, `text`, `reply_to` may be.
"""

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from connectors.imports.reading import BadLine, BadRecord, Item, Reading
from connectors.imports.record import Scribe, from_seconds, told
from connectors.imports.source import Source
from connectors.imports.text_lines import moment_of, text_lines

FIELDS = ("sent_at", "sender", "id", "channel", "topic", "name", "text", "reply_to")
KNOWN = {
    "sent_at": ("sent_at", "time", "date", "datetime", "timestamp", "createtime", "strtime",
                "时间", "日期", "发送时间"),
    "sender": ("sender", "from", "author", "user", "user_id", "member", "talker",
               "发送人", "发送者", "发言人", "成员"),
    "id": ("id", "message_id", "msgid", "msgsvrid", "消息id", "编号"),
    "channel": ("channel", "group", "room", "chat", "strtalker", "群", "群聊", "频道"),
    "topic": ("topic", "thread", "话题"),
    "name": ("name", "nickname", "display_name", "昵称", "群昵称", "备注"),
    "text": ("text", "message", "content", "body", "strcontent", "内容", "消息", "消息内容"),
    "reply_to": ("reply_to", "in_reply_to", "回复"),
}  # fmt: skip
DEFAULT_CHANNEL = "general"
CELL_CHARACTERS_MAX = 1_000_000
MILLISECONDS_FROM = 100_000_000_000
_LOCAL = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?\s+(.+)")


@dataclass(frozen=True, slots=True)
class CsvTable:
    """Separated by comma, semicolon or tab."""

    columns: Mapping[str, str] = field(default_factory=dict)
    """Headings by field, for those that are not found by their names."""

    def read(self, source: Source, reading: Reading) -> Iterator[Item]:
        """The rows' messages."""
        lines = _Lines(source)
        csv.field_size_limit(CELL_CHARACTERS_MAX)
        first = next(lines, None)
        if first is None:
            yield BadLine(0, "the file is empty")
            return
        separator = separator_of(first)
        heading = next(csv.reader([first], delimiter=separator))
        places = self.places(heading)
        if missing := [name for name in ("sent_at", "sender") if name not in places]:
            yield BadLine(
                1, f"no column is {' or '.join(missing)}; name it with --column {missing[0]}=HEADING"
            )
            return
        scribe, rows = Scribe(reading), csv.reader(lines, delimiter=separator)
        while True:
            try:
                row = next(rows)
            except StopIteration:
                break
            except csv.Error as error:
                yield BadLine(lines.number, f"no row: {error}")
                continue
            if row:
                cells = {name: row[place].strip() for name, place in places.items() if place < len(row)}
                yield from told(lines.number, partial(_messages, scribe, cells))
        yield from lines.bad

    def places(self, heading: list[str]) -> dict[str, int]:
        """Where each field stands; what is mapped wins over what is found."""
        bare = [each.strip().lower() for each in heading]
        found = {
            name: next(bare.index(known) for known in names if known in bare)
            for name, names in KNOWN.items()
            if set(names) & set(bare)
        }
        mapped = {
            name: bare.index(column.strip().lower())
            for name, column in self.columns.items()
            if column.strip().lower() in bare
        }
        return {**found, **mapped}


def separator_of(first: str) -> str:
    """The one that stands in the heading most often."""
    return max(",;\t", key=first.count)


class _Lines:
    """The file's lines for the csv module; what cannot be read is kept for the end."""

    def __init__(self, source: Source) -> None:
        self._lines = text_lines(source)
        self.number = 0
        self.bad: list[BadLine] = []

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        for line in self._lines:
            self.number = line.number
            if isinstance(line, BadLine):
                self.bad.append(line)
                continue
            return line.text.replace("\x00", "") + "\n"
        raise StopIteration


def _messages(scribe: Scribe, cells: Mapping[str, str]) -> Iterator[Item]:
    moment, sender, text = _moment(cells.get("sent_at", "")), cells.get("sender", ""), cells.get("text", "")
    made_up = None if cells.get("id") else scribe.made_up_id(moment.isoformat(), sender, text)
    yield scribe.posted(
        moment,
        sender,
        message_id=made_up or cells["id"],
        channel_id=cells.get("channel") or DEFAULT_CHANNEL,
        text=text,
        thread=cells.get("topic") or None,
        member_name=cells.get("name") or None,
        reply_to=cells.get("reply_to") or None,
    )


def _moment(value: str) -> datetime:
    if re.fullmatch(r"\d{9,14}(?:\.\d+)?", value):
        seconds = float(value)
        return from_seconds(seconds / 1000 if seconds >= MILLISECONDS_FROM else seconds)
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        pass
    local = _LOCAL.fullmatch(value)
    if local is None:
        raise BadRecord("sent_at is no time")
    year, month, day, time = local.groups()
    return moment_of([int(year), int(month), int(day)], time)
