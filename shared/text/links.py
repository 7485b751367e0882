"""Links in a text, and the host that a link really leads to."""

import re
import unicodedata
from typing import NamedTuple
from urllib.parse import unquote

HOST_CHARACTERS_MAX = 253
"""RFC 1035; what is longer is no host."""
_DOT = r"[。．｡](?-i:(?=[a-z0-9]))"
"""Browsers read these as dots (UTS 46); before a letter of a name only, since sentences end with one."""
_LINK = re.compile(
    rf"(?:https?://|(?<![\w.])www\.)((?:[^\s/?#\\，。．｡；、！）】》<>\"']|{_DOT})+)[^\s，。；、！）】》<>\"']*",
    re.IGNORECASE,
)
_SCHEME = re.compile(r"https?://", re.IGNORECASE)
_DOTS = str.maketrans("。．｡", "...")


class Link(NamedTuple):
    """One link and where it stands."""

    host: str
    """As `host_of` gives it."""
    start: int
    end: int


def links_of(text: str) -> list[Link]:
    """The web links that a text spells out, from left to right."""
    if "://" not in text and "www." not in text and ("W" not in text or "www." not in text.lower()):
        return []
    return [Link(_host(match.group(1)), *match.span()) for match in _LINK.finditer(text)]


def host_of(link: str) -> str:
    """The host of a link or a bare host name, as a browser would read it.

    Lower case, without user, port and a leading `www.`; wide and encoded characters decoded, `xn--` labels in
    their own letters.
    """
    rest = _SCHEME.sub("", unicodedata.normalize("NFKC", link), count=1)
    return _host(re.split(r"[/?#\\]", rest, maxsplit=1)[0])


def _host(authority: str) -> str:
    decoded = unicodedata.normalize("NFKC", unquote(authority)) if not _is_plain(authority) else authority
    host = decoded.rpartition("@")[2].partition(":")[0].lower().translate(_DOTS).strip(".")
    return _in_letters(host.removeprefix("www."))


def _is_plain(authority: str) -> bool:
    return authority.isascii() and "%" not in authority


def _in_letters(host: str) -> str:
    """Punycode decoded; what is none stays as it is."""
    if "xn--" not in host or len(host) > HOST_CHARACTERS_MAX:
        return host
    try:
        return host.encode("ascii").decode("idna")
    except UnicodeError:
        return host
