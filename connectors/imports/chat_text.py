"""WeChat and QQ: text exports with a line of time and sender before each message.

QQ's own (`2023-12-31 22:15:30 安(10001)`), and those of common WeChat exporters, with the sender before or
after the time (`安 2023-12-31 22:15:30`). The sender's id is what stands in brackets, else the name.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import islice

from connectors.imports.reading import BadLine, Item, Reading, Skipped
from connectors.imports.record import Scribe, told
from connectors.imports.source import Source
from connectors.imports.text_lines import moment_of, text_lines

_DAY = r"(?P<year>\d{4})[-/.年](?P<month>\d{1,2})[-/.月](?P<day>\d{1,2})日?"
_CLOCK = r"(?P<time>(?:[上下]午|凌晨|中午|晚上)?\s*\d{1,2}:\d{2}(?::\d{2})?)"
TIME_FIRST = re.compile(rf"{_DAY}\s+{_CLOCK}\s+(?P<who>\S.{{0,199}})")
SENDER_FIRST = re.compile(rf"(?P<who>\S.{{0,199}}?)\s*[(（\[]?{_DAY}\s+{_CLOCK}[)）\]]?\s*[:：]?")
_ID = re.compile(r"(?P<name>.*?)\s*(?:\((?P<number>[\w@.\-]{3,64})\)|<(?P<mail>[^<>]{3,120})>)")
_ROLE = re.compile(r"【(群主|管理员|[^【】]{1,20})】")
_CHANNEL = re.compile(r"消息对象[:：](.{1,200})")
_PICTURE = re.compile(r"\[(图片|照片|动画表情|视频|语音|文件)\]")
KINDS = {
    "图片": "image",
    "照片": "image",
    "动画表情": "sticker",
    "视频": "video",
    "语音": "audio",
    "文件": "file",
}
OPERATORS = ("群主", "管理员")
SYSTEM = ("系统消息", "系统提示")
JOINED = (
    re.compile(r"(?P<by>.+?)\s?邀请\s?(?P<who>.+?)\s?加入了?.*"),
    re.compile(r"(?P<who>.+?)\s?(?:已|通过.*)?加入.*"),
)
LEFT = (
    re.compile(r"(?P<who>.+?)\s?被\s?(?P<by>.+?)\s?移(?:出|除).*"),
    re.compile(r"(?P<who>.+?)\s?(?:已)?退出.*"),
)
LOOKED_AT = 2_000


@dataclass(slots=True)
class _Entry:
    """A heading and the lines under it."""

    number: int
    head: "re.Match[str]"
    lines: list[str] = field(default_factory=list)


class ChatText:
    """One file is one group."""

    def __init__(self, channel: str) -> None:
        self._channel = channel

    def read(self, source: Source, reading: Reading) -> Iterator[Item]:
        """The group's messages; joins and leaves where the platform's notices tell them."""
        heading = heading_of(source)
        scribe, channel, entry = Scribe(reading), self._channel, None
        for line in text_lines(source):
            if isinstance(line, BadLine):
                yield line
                continue
            head = heading.fullmatch(line.text.strip())
            if head is not None:
                if entry is not None:
                    yield from told(entry.number, partial(_items, scribe, channel, entry))
                entry = _Entry(line.number, head)
            elif entry is not None:
                entry.lines.append(line.text)
            elif named := _CHANNEL.fullmatch(line.text.strip()):
                channel = named.group(1)
            elif line.text.strip(" =") and not line.text.startswith("消息"):
                yield BadLine(line.number, "no time and sender stand before this line")
        if entry is not None:
            yield from told(entry.number, partial(_items, scribe, channel, entry))


def heading_of(source: Source) -> "re.Pattern[str]":
    """Which of the two ways of headings the file has more of."""
    counts = {TIME_FIRST: 0, SENDER_FIRST: 0}
    for line in islice(text_lines(source), LOOKED_AT):
        for pattern in counts:
            counts[pattern] += not isinstance(line, BadLine) and bool(pattern.fullmatch(line.text.strip()))
    return max(counts, key=lambda pattern: counts[pattern])


def _items(scribe: Scribe, channel: str, entry: _Entry) -> Iterator[Item]:
    head = entry.head
    moment = moment_of([int(head["year"]), int(head["month"]), int(head["day"])], head["time"])
    roles = _ROLE.findall(head["who"])
    bare = _ROLE.sub("", head["who"]).strip()
    numbered = _ID.fullmatch(bare)
    who = (numbered["number"] or numbered["mail"]) if numbered else bare
    name = (numbered["name"] or who) if numbered else bare
    text = "\n".join(entry.lines).strip()
    if name in SYSTEM:
        for patterns, tell in ((JOINED, scribe.joined), (LEFT, scribe.left)):
            for pattern in patterns:
                if found := pattern.fullmatch(text):
                    yield tell(moment, found["who"], channel, found.groupdict().get("by"))
                    return
        yield Skipped(entry.number, "notice of the platform")
        return
    is_operator = any(role in OPERATORS for role in roles)
    yield scribe.posted(
        moment,
        who,
        message_id=scribe.made_up_id(channel, moment.isoformat(), who, text),
        channel_id=channel,
        text=text,
        member_name=name or None,
        member_roles=("operator", *roles) if is_operator else tuple(roles),
        attachments=[(KINDS[each], "") for each in _PICTURE.findall(text)],
    )
