"""WhatsApp: the text that "export chat" writes, on iOS (`[31/12/2023, 22:15:30] Ann: hi`) and on Android
(`31/12/2023, 22:15 - Ann: hi`), with dates in any order. There are no ids: members are their names.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from connectors.imports.reading import BadLine, Item, Reading, Skipped
from connectors.imports.record import Scribe, told
from connectors.imports.source import Source
from connectors.imports.text_lines import SPACES, TextLine, moment_of, spread, text_lines

_DATE = r"(\d{1,4})[/.\-年](\d{1,2})[/.\-月](\d{1,4})日?"
_CLOCK = r"((?:[上下]午|凌晨|中午|晚上)?\s*\d{1,2}[:.]\d{2}(?:[:.]\d{2})?(?:\s*[AaPp]\.?[Mm]\.?)?)"
HEAD = re.compile(rf"(?:\[{_DATE},?\s+{_CLOCK}\]\s|{_DATE},?\s+{_CLOCK}\s-\s)(.*)")
_SAID = re.compile(r"([^:：]{1,100}?)[:：]\s(.*)", re.DOTALL)
_ATTACHED = re.compile(
    r"<(?:attached|附件)[:：] ?([^>]+)>|([\w.\-]+\.\w{2,4}) \((?:file attached|文件附件)\)"
)
OMITTED = {
    "<media omitted>": "file",
    "<省略多媒体文件>": "file",
    "<媒体文件已略去>": "file",
    "image omitted": "image",
    "忽略图片": "image",
    "video omitted": "video",
    "忽略视频": "video",
    "audio omitted": "audio",
    "忽略音频": "audio",
    "sticker omitted": "sticker",
    "忽略贴图": "sticker",
    "document omitted": "file",
    "gif omitted": "image",
    "contact card omitted": "card",
}
JOINED = (
    re.compile(r"(?P<who>.+) joined using .+"),
    re.compile(r"(?P<who>.+?)\s?(?:使用|通过).*邀请链接加入.*"),
    re.compile(r"(?P<by>.+) added (?P<who>.+)"),
    re.compile(r"(?P<by>.+?)\s?(?:添加了|新增了)\s?(?P<who>.+)"),
)
LEFT = (
    re.compile(r"(?P<by>.+) removed (?P<who>.+)"),
    re.compile(r"(?P<by>.+?)\s?移除了\s?(?P<who>.+)"),
    re.compile(r"(?P<who>.+) left"),
    re.compile(r"(?P<who>.+?)\s?(?:退出了|已退出).*"),
)
CHANNEL = "whatsapp"


@dataclass(slots=True)
class _Entry:
    """A line with a time and the lines that follow it."""

    number: int
    first: int
    second: int
    third: int
    time: str
    lines: list[str]


class WhatsAppChat:
    """One file is one group."""

    def read(self, source: Source, reading: Reading) -> Iterator[Item]:
        """The group's messages, joins and leaves."""
        order = _order(source)
        chat = _Chat(Scribe(reading), order)
        for entry in _entries(source):
            if isinstance(entry, BadLine):
                yield entry
            else:
                yield from chat.take(entry)
        yield from chat.flush()


def _entries(source: Source) -> Iterator[_Entry | BadLine]:
    entry: _Entry | None = None
    for line in text_lines(source):
        if isinstance(line, BadLine):
            yield line
            continue
        head = HEAD.fullmatch(line.text.translate(SPACES))
        if head is None and entry is None:
            if line.text.strip():
                yield BadLine(line.number, "no line of a WhatsApp export")
        elif head is None:
            assert entry is not None
            entry.lines.append(line.text)
        else:
            if entry is not None:
                yield entry
            entry = _entry(line, head)
    if entry is not None:
        yield entry


def _entry(line: TextLine, head: "re.Match[str]") -> _Entry:
    values = [each for each in head.groups()[:-1] if each is not None]
    return _Entry(line.number, int(values[0]), int(values[1]), int(values[2]), values[3], [head.groups()[-1]])


def _order(source: Source) -> tuple[int, int, int]:
    """Which part is year, month and day: by values that can be nothing else, else day before month."""
    month_first = False
    for entry in _entries(source):
        if isinstance(entry, BadLine):
            continue
        if entry.first > 31:
            return 0, 1, 2
        if entry.first > 12:
            return 2, 1, 0
        month_first = month_first or entry.second > 12
    return (2, 0, 1) if month_first else (2, 1, 0)


@dataclass(slots=True)
class _Chat:
    """The walk through one file: entries of one minute wait for each other where seconds are not known."""

    scribe: Scribe
    order: tuple[int, int, int]
    waiting: list[_Entry] = field(default_factory=list)

    def take(self, entry: _Entry) -> Iterator[Item]:
        """The next entry."""
        if self.waiting and self._minute(self.waiting[-1]) != self._minute(entry):
            yield from self.flush()
        self.waiting.append(entry)

    def flush(self) -> Iterator[Item]:
        """What waits."""
        entries, self.waiting = self.waiting, []
        knows_seconds = any(re.search(r"\d[:.]\d{2}[:.]\d{2}", each.time) for each in entries)
        for entry, offset in zip(entries, spread(max(1, len(entries))), strict=False):
            inside = timedelta(0) if knows_seconds else offset
            yield from told(entry.number, partial(self._items, entry, inside))

    def _minute(self, entry: _Entry) -> tuple[object, ...]:
        return entry.first, entry.second, entry.third, entry.time

    def _moment(self, entry: _Entry) -> datetime:
        parts = (entry.first, entry.second, entry.third)
        return moment_of([parts[each] for each in self.order], entry.time)

    def _items(self, entry: _Entry, inside: timedelta) -> Iterator[Item]:
        moment = self._moment(entry) + inside
        content = "\n".join(entry.lines).rstrip()
        said = _SAID.fullmatch(content)
        if said is None:
            yield self._system(entry, content, moment)
            return
        who, text = said.groups()
        kind = OMITTED.get(text.lower().strip())
        files = [(kind, "")] if kind else [("file", a or b) for a, b in _ATTACHED.findall(text)]
        stamp = f"{entry.first}.{entry.second}.{entry.third} {entry.time}"
        yield self.scribe.posted(
            moment,
            who,
            message_id=self.scribe.made_up_id(stamp, who, text),
            channel_id=CHANNEL,
            text="" if kind else _ATTACHED.sub("", text).strip(),
            member_name=who,
            attachments=files,
        )

    def _system(self, entry: _Entry, content: str, moment: datetime) -> Item:
        for patterns, tell in ((JOINED, self.scribe.joined), (LEFT, self.scribe.left)):
            for pattern in patterns:
                if found := pattern.fullmatch(content):
                    return tell(moment, found["who"], CHANNEL, found.groupdict().get("by"))
        return Skipped(entry.number, "notice of WhatsApp")
