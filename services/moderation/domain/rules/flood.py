"""Flooding (刷屏): too much in a short time, or one message again and again; the whole burst goes."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.moderation.domain.message import Around, Burst, Match, Message, Recent
from services.moderation.domain.rules.kind import Kind
from shared.text import similarity

SECOND_US = 1_000_000
SECONDS_MAX = 60
"""A member's window remembers two minutes; what comes a minute late still finds its neighbours."""


@dataclass(frozen=True, slots=True)
class Flood:
    """More than `messages_max` messages, `mentions_max` mentions or `links_max` links in `rate_seconds`, or
    `alike_min` messages alike in `alike_seconds`.

    Windows are half-open, (t - n seconds, t], by event time and across channels. Whatever order messages
    arrive in, the same ones are condemned: those of every window that breaks a limit.
    """

    messages_max: int = 8
    mentions_max: int = 20
    links_max: int = 10
    rate_seconds: int = 10
    alike_min: int = 4
    alike_seconds: int = 30
    similarity_min: float = 0.85

    def __post_init__(self) -> None:
        if min(self.messages_max, self.mentions_max, self.links_max) < 1 or self.alike_min < 2:
            raise ValueError("a flood's limits are 1 or more, and 2 or more messages are alike")
        if not (1 <= self.rate_seconds <= SECONDS_MAX and 1 <= self.alike_seconds <= SECONDS_MAX):
            raise ValueError(f"a flood's windows last 1 to {SECONDS_MAX} seconds")
        if not 0.5 <= self.similarity_min <= 1:
            raise ValueError("messages are alike from a similarity between 0.5 and 1")

    def judge(self, message: Message, around: Around) -> Burst | None:
        """The burst around the message."""
        recent = around.recent
        is_few = len(recent) <= self.messages_max and len(recent) < self.alike_min
        if is_few and not (message.mentions or message.links):
            return None
        at = next((n for n, each in enumerate(recent) if each.message_id == message.message_id), None)
        if at is None or (is_few and not self._is_loud(recent)):
            return None
        span_us = self.rate_seconds * SECOND_US
        counts = {
            "messages": (burst(recent, at, span_us, [1] * len(recent), self.messages_max), self.messages_max),
            "mentions": (
                self._loud(recent, at, [e.mentions for e in recent], self.mentions_max),
                self.mentions_max,
            ),
            "links": (self._loud(recent, at, [e.links for e in recent], self.links_max), self.links_max),
        }
        alike = self._alike(recent, recent[at])
        condemned = {*alike, *(each for found, _ in counts.values() for each in found)}
        if not condemned:
            return None
        return Burst(self._match(counts, len(alike)), tuple(sorted(condemned)))

    def _is_loud(self, recent: Sequence[Recent]) -> bool:
        """Whether mentions or links may be too many."""
        return (
            sum(each.mentions for each in recent) > self.mentions_max
            or sum(each.links for each in recent) > self.links_max
        )

    def _loud(self, recent: Sequence[Recent], at: int, weights: Sequence[int], most: int) -> Sequence[Recent]:
        if not weights[at]:
            return ()
        found = burst(recent, at, self.rate_seconds * SECOND_US, weights, most)
        return [each for each, weight in zip(recent, weights, strict=True) if weight and each in found]

    def _alike(self, recent: Sequence[Recent], newest: Recent) -> set[Recent]:
        """Bursts of messages like the newest, or like one that the newest is like.

        A message may be what makes a burst of two others that are not alike, so each is tried as the centre.
        """
        span_us = self.alike_seconds * SECOND_US
        near = [each for each in recent if abs(each.posted_us - newest.posted_us) < span_us]
        own = self._like(near, newest)
        found = set(self._alike_burst(own, newest, span_us))
        for centre in own if len(own) > 1 else ():
            if all(each.removed or each in found for each in near):
                break
            found.update(self._alike_burst(self._like(near, centre), centre, span_us))
        return found

    def _alike_burst(self, like: Sequence[Recent], centre: Recent, span_us: int) -> Sequence[Recent]:
        return burst(like, like.index(centre), span_us, [1] * len(like), self.alike_min - 1)

    def _like(self, near: Sequence[Recent], centre: Recent) -> list[Recent]:
        mark = centre.fingerprint
        if not mark.length:  # pictures and files without a word are not alike for that
            return [centre]
        return [each for each in near if similarity(each.fingerprint, mark) >= self.similarity_min]

    def _match(self, counts: dict[str, tuple[Sequence[Recent], int]], alike: int) -> Match:
        parts, score = [], 0.0
        for what, (found, most) in counts.items():
            if found:
                total = sum(1 if what == "messages" else getattr(each, what) for each in found)
                parts.append(f"{total} {what}, more than {most} in {self.rate_seconds} s")
                score = max(score, total / (2 * most))
        if alike:
            parts.append(f"{alike} alike, {self.alike_min} or more in {self.alike_seconds} s")
            score = max(score, alike / (2 * self.alike_min))
        return Match(min(1.0, score), (), "; ".join(parts))


def burst(
    entries: Sequence[Recent], at: int, span_us: int, weights: Sequence[int], most: int
) -> Sequence[Recent]:
    """The entries of all windows of `span_us` that hold the one at index `at` and weigh more than `most`.

    These windows share an entry, so what they hold together is one stretch.
    """
    centre_us = entries[at].posted_us
    low, first, last = 0, len(entries), -1
    weight = sum(weights[:at])
    for high in range(at, len(entries)):
        if entries[high].posted_us - centre_us >= span_us:
            break
        weight += weights[high]
        while entries[high].posted_us - entries[low].posted_us >= span_us:
            weight -= weights[low]
            low += 1
        if weight > most:
            first, last = min(first, low), high
    return entries[first : last + 1]


FLOOD = Kind("flood", Flood, lambda params, _: params, counts_messages=True)
