"""Links in a text."""

import re
from typing import NamedTuple

_END = r"\s，。；、！）】》<>\"'"
# begins with one set of letters, which `re` finds fast; it does not when told to ignore case
_LINK = re.compile(
    r"[hHwW](?:(?<=[hH])[tT]{2}[pP][sSſ]?://|(?<=[wW])[wW]{2}\.(?<![\w.][wW]{3}\.))"
    rf"([^/?#{_END}]+)[^{_END}]*"
)


class Link(NamedTuple):
    """One link and where it stands."""

    host: str
    """Lower case, without user, port and a leading `www.`."""
    start: int
    end: int


def links_of(text: str) -> list[Link]:
    """The web links that a text spells out, from left to right."""
    if "://" not in text and "www." not in text and ("W" not in text or "www." not in text.lower()):
        return []
    return [Link(_host(match.group(1)), *match.span()) for match in _LINK.finditer(text)]


def _host(authority: str) -> str:
    host = authority.rpartition("@")[2].partition(":")[0].lower().rstrip(".")
    return host.removeprefix("www.")
