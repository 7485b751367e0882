"""What an owner's lists say of members, hosts and words, ready to judge texts by."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from services.moderation.domain.message import SPANS_MAX, Burst, Match, Message, entry_of
from services.moderation.domain.policy import Rule
from services.moderation.domain.rulebook import Hit
from services.moderation.domain.words import CHARACTERS_MAX, CHARACTERS_MIN, Span, Words
from shared.text import Normalised, links_of, normalise

HOST = re.compile(r"(?=.{3,253}$)[^\s./:?#@]{1,63}(\.[^\s./:?#@]{1,63})+")
NO_WORDS = Words()


class BadEntry(Exception):
    """No member, host or word that rules could know again."""

    def __init__(self, value: str) -> None:
        super().__init__(value)
        self.value = value


def read_entry(kind: str, value: str) -> str:
    """The value as rules compare it. Raises `BadEntry`.

    A host is in lower case without `www.` and holds for all below it; a word is normalised as texts are, and
    one of a single character is refused, as it would be part of half of all texts.
    """
    plain = value.strip()
    if kind == "host":
        host = plain.lower().rstrip(".").removeprefix("www.")
        if not HOST.fullmatch(host):
            raise BadEntry(value)
        return host
    if kind == "word":
        plain = normalise(plain).text.strip()
        if not CHARACTERS_MIN <= len(plain) <= CHARACTERS_MAX:
            raise BadEntry(value)
    if not plain:
        raise BadEntry(value)
    return plain


@dataclass(frozen=True, slots=True)
class Listing:
    """Hosts and words of all lists that a community follows; what is denied stands above what is allowed."""

    allowed_hosts: frozenset[str] = frozenset()
    denied_hosts: frozenset[str] = frozenset()
    allowed_words: Words = NO_WORDS
    denied_words: Words = NO_WORDS

    @classmethod
    def of(cls, entries: Iterable[tuple[str, str, str]]) -> "Listing":
        """From entries: effect, kind, and the value as `read_entry` gives it."""
        held: dict[tuple[str, str], set[str]] = {}
        for effect, kind, value in entries:
            held.setdefault((effect, kind), set()).add(value)
        hosts = [frozenset(held.get((effect, "host"), ())) for effect in ("allow", "deny")]
        words = [Words.of(held.get((effect, "word"), ())) for effect in ("allow", "deny")]
        return cls(hosts[0], hosts[1], words[0], words[1])

    def judge(self, message: Message, hits: Sequence[Hit], rule: Rule | None) -> list[Hit]:
        """The hits that stand, and one of `rule` where the text holds what is denied."""
        kept = [hit for hit in hits if hit.rule.binds_everybody or not self._excuses(message.text, hit)]
        if rule is None or rule.is_off or not rule.scope.holds(message):
            return kept
        match = self._denied(message.text)
        return [*kept, Hit(rule, Burst(match, (entry_of(message),)))] if match else kept

    def _denied(self, text: Normalised) -> Match | None:
        hosts = self.denied_hosts
        links = [link for link in links_of(text.original) if _is_below(link.host, hosts)] if hosts else []
        words = _spans(text, self.denied_words)
        if not links and not words:
            return None
        spans = sorted({*words, *((link.start, link.end) for link in links)})[:SPANS_MAX]
        return Match(1.0, tuple(spans), f"denied: {len(links)} links, {len(words)} words")

    def _excuses(self, text: Normalised, hit: Hit) -> bool:
        """Whether all that was found lies in what is allowed; a rule that counts messages finds no place."""
        spans = hit.burst.match.spans
        if not spans or not (self.allowed_hosts or self.allowed_words.words):
            return False
        hosts = self.allowed_hosts
        allowed = [
            (link.start, link.end)
            for link in links_of(text.original)
            if _is_below(link.host, hosts) and not _is_below(link.host, self.denied_hosts)
        ]
        allowed += _spans(text, self.allowed_words)
        return all(any(start <= first and last <= end for start, end in allowed) for first, last in spans)


NO_LISTING = Listing()


def _is_below(host: str, hosts: Collection[str]) -> bool:
    """Whether the host or one above it is among these."""
    parts = host.split(".")
    return any(".".join(parts[start:]) in hosts for start in range(len(parts)))


def _spans(text: Normalised, words: Words) -> list[Span]:
    """Where the words stand in the original."""
    return [text.span(*place) for place in words.spans(text.text)]
