"""Lines of a text export as text, whatever its encoding, and moments as such exports write them."""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from connectors.imports.reading import BadLine, BadRecord
from connectors.imports.source import Broken, Source

INVISIBLE = dict.fromkeys(map(ord, "\ufeff\u200e\u200f\u202a\u202c\u2068\u2069"))
"""Marks of order and direction that exports put before names and times."""
SPACES = {0x202F: " ", 0xA0: " "}
_TIME = re.compile(
    r"(?:(上午|下午|凌晨|中午|晚上)\s*)?(\d{1,2})[:.](\d{2})(?:[:.](\d{2}))?(?:\s*([AaPp])\.?[Mm]\.?)?"
)
AFTER_NOON = ("下午", "晚上", "中午")


class TextLine(NamedTuple):
    """A line without its end, by its number from 1."""

    number: int
    text: str


def text_lines(source: Source) -> Iterator[TextLine | BadLine]:
    """The file's lines: UTF-8, or GB 18030 as older programs write; invisible marks are left out."""
    number = 0
    try:
        for number, content in source.lines():
            if content is None:
                yield BadLine(number, "the line is too long")
                continue
            yield TextLine(number, decoded(content).translate(INVISIBLE))
    except Broken as error:
        yield BadLine(number + 1, str(error))


def decoded(content: bytes) -> str:
    """UTF-8, else GB 18030, else UTF-8 with replacements."""
    for encoding in ("utf-8", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return content.decode("utf-8", "replace")


def moment_of(day: Sequence[int], time: str) -> datetime:
    """Year, month, day and a time of day in 24 or 12 hours. Raises BadRecord."""
    found = _TIME.fullmatch(time.translate(SPACES).strip())
    if found is None:
        raise BadRecord("the time is none")
    half, hours, minutes, seconds, letter = found.groups()
    hour = int(hours)
    if letter is not None or half is not None:
        is_late = letter in ("p", "P") or half in AFTER_NOON
        hour = hour % 12 + 12 if is_late and hour <= 12 and not (half == "中午" and hour == 11) else hour
        hour = 0 if not is_late and hour == 12 else hour
    year, month, date = day
    try:
        return datetime(
            year + 2000 if year < 100 else year, month, date, hour, int(minutes), int(seconds or 0)
        )
    except ValueError:
        raise BadRecord("the date is none") from None


def spread(count: int) -> list[timedelta]:
    """Offsets of messages of which only the minute is known: evenly over it, so that rules about seconds see
    neither a burst nor a gap that was not there."""
    return [number * timedelta(minutes=1) / count for number in range(count)]
