"""Links (站外链接): to hosts on a deny list, or to any host outside of an allow list."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from services.moderation.domain.message import SPANS_MAX, Match, Message
from services.moderation.domain.rules.kind import Kind
from shared.text import Normalised, Pattern, host_of, links_of, normalise

HOSTS_MAX = 2000
DENIED_SCORE, UNKNOWN_SCORE = 0.9, 0.5
LABEL = r"(?:[0-9a-z\p{Han}_-]{1,63}[.。])"
BEFORE = r"(?:^|//|[^0-9a-z_./\\=&%-])"
AFTER = r"(?:[^0-9a-z.。_-]|[.。](?:[^0-9a-z]|$)|$)"
"""Neighbours of a whole host: `notevil.com`, `evil.com.org` and a path `/evil.com` are others."""

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Link:
    """Hosts match with all below them: `evil.com` is also `www.evil.com`, never `notevil.com`.

    What is denied is found without `https://` too; what is allowed wins over both.
    """

    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()
    only_allowed: bool = False
    """Every web link to a host that is not allowed is found."""

    def __post_init__(self) -> None:
        if max(len(self.allow), len(self.deny)) > HOSTS_MAX:
            raise ValueError(f"a list has {HOSTS_MAX} hosts at most")
        wrong = [host for host in (*self.allow, *self.deny) if not _is_host(host)]
        if wrong:
            raise ValueError(f"no host name: {', '.join(wrong[:5])} (one looks like example.com)")


class LinkRule:
    """The lists, compiled."""

    __slots__ = ("_allow", "_denied", "_names", "_needs_dot", "_only_allowed")

    def __init__(self, params: Link) -> None:
        self._allow = frozenset(host_of(host) for host in params.allow)
        names = _spelled(params.deny)
        self._denied = Pattern(rf"{BEFORE}{LABEL}*(?:{names}){AFTER}") if names else None
        self._names = Pattern(names) if names else None
        self._needs_dot = all("." in each for each in names.split("|"))  # between Han it is noise
        self._only_allowed = params.only_allowed

    def match(self, messages: Sequence[Message]) -> Mapping[int, Match]:
        """Those with such a link."""
        texts = [each.text.text for each in messages]
        places = self._may_be_denied(texts)
        if self._only_allowed:
            places |= {place for place, text in enumerate(texts) if "://" in text or "www." in text}
        return {place: match for place in sorted(places) if (match := self._judge(messages[place].text))}

    def _may_be_denied(self, texts: Sequence[str]) -> set[int]:
        if self._names is None:
            return set()
        dotted = [
            place for place, text in enumerate(texts) if not self._needs_dot or "." in text or "。" in text
        ]
        return {dotted[n] for n in self._names.occurring([texts[place] for place in dotted])}

    def _judge(self, read: Normalised) -> Match | None:
        denied = list(self._denied_in(read))
        unknown = [] if denied or not self._only_allowed else list(self._unknown_in(read))
        found = sorted({*denied, *unknown})[:SPANS_MAX]
        if not found:
            return None
        what = "to denied hosts" if denied else "to hosts that are not on the allow list"
        score = DENIED_SCORE if denied else UNKNOWN_SCORE
        return Match(score, tuple(found), f"{len(found)} links {what}")

    def _denied_in(self, read: Normalised) -> Iterator[Span]:
        for start, end in self._denied.spans(read.text, SPANS_MAX) if self._denied else ():
            if not self._is_allowed(read.text[start:end].strip("/@ ,;:()")):
                yield read.span(start, end)

    def _unknown_in(self, read: Normalised) -> Iterator[Span]:
        """Hosts as they were written: letters that only look like those of an allowed host are not it."""
        for link in links_of(read.text):
            host = host_of(read.written(link.start, link.end))
            if not self._is_allowed(host):
                yield read.span(link.start, link.end)

    def _is_allowed(self, host: str) -> bool:
        labels = host.split(".")
        return any(".".join(labels[first:]) in self._allow for first in range(len(labels)))


def _spelled(hosts: Sequence[str]) -> str:
    """Any of the hosts in their own letters or in punycode, as normalised text has them."""
    spelled = {normalise(form).text for host in hosts for form in (host_of(host), _in_punycode(host))}
    return "|".join(re.escape(name).replace(r"\.", "[.。]") for name in sorted(spelled))


def _in_punycode(host: str) -> str:
    try:
        return host_of(host).encode("idna").decode("ascii")
    except UnicodeError:
        return host_of(host)


def _is_host(host: str) -> bool:
    return "." in host and host == host.strip() and not set(host) & set("/:@?# \\") and bool(host_of(host))


LINK = Kind("link", Link, lambda params, _: LinkRule(params))
