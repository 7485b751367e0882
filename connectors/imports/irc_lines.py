"""One line of a raw IRC log: what kind it is, whose, and its time of day."""

import re
from datetime import time
from enum import Enum, auto
from typing import NamedTuple


class Kind(Enum):
    """What a line tells."""

    SAID = auto()
    DID = auto()
    JOINED = auto()
    LEFT = auto()
    RENAMED = auto()
    NOTICE = auto()
    """Either a server's or an action, which some clients write the same way."""
    BLANK = auto()


class LogLine(NamedTuple):
    """A line taken apart; `at` is None where the line has none."""

    number: int
    kind: Kind
    at: time | None = None
    nick: str = ""
    text: str = ""


_STAMP = re.compile(r"\[?(\d\d):(\d\d)(?::(\d\d))?\]?\s+(?=[<*=-])")
_SAID = re.compile(r"<\s*[@+%&~]?([^>]*[^>\s])\s*> ?(.*)", re.DOTALL)
_DID = re.compile(r"\*\s+(\S+) ?(.*)", re.DOTALL)
_MARKED = re.compile(r"(?:===|-!-|\*\*\*)\s+(\S.*)", re.DOTALL)
_EVENTS = (
    (Kind.JOINED, re.compile(r"(\S+)(?: +\[[^\]]*\])? +(?:has )?joined\b()")),
    (Kind.LEFT, re.compile(r"(\S+)(?: +\[[^\]]*\])? +has (?:left|quit)\b()")),
    (Kind.RENAMED, re.compile(r"(\S+) is now known as (\S+)")),
    (Kind.NOTICE, re.compile(r"(\S+) ?(.*)", re.DOTALL)),
)


def parse(number: int, content: bytes) -> LogLine | None:
    """The line taken apart, or None for one that no log has."""
    text = _decode(content)
    if not text.strip():
        return LogLine(number, Kind.BLANK)
    stamp = _STAMP.match(text)
    moment = _time(stamp) if stamp else None
    if stamp and moment is None:
        return None
    rest = text[stamp.end() :] if stamp else text
    if marked := _MARKED.match(rest):
        return _event(number, moment, marked.group(1))
    if moment is None:
        return None
    for kind, shape in ((Kind.SAID, _SAID), (Kind.DID, _DID)):
        if found := shape.match(rest):
            return LogLine(number, kind, moment, found.group(1), found.group(2))
    return None


def _event(number: int, moment: time | None, rest: str) -> LogLine | None:
    for kind, shape in _EVENTS:
        if found := shape.match(rest):
            return LogLine(number, kind, moment, found.group(1), found.group(2))
    return None


def _time(stamp: "re.Match[str]") -> time | None:
    try:
        hour, minute, second = (int(part) for part in stamp.groups(default="0"))
        return time(hour, minute, second)
    except ValueError:
        return None


def _decode(content: bytes) -> str:
    """UTF-8, or what was usual before it."""
    try:
        return content.decode()
    except UnicodeDecodeError:
        return content.decode("latin-1")
