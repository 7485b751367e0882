"""Flooding (刷屏): too many messages in a short time, or one again and again; the whole burst goes."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.moderation.domain.message import Around, Finding, Hit, Message, Recent
from shared.text import similarity

SECOND_US = 1_000_000


@dataclass(frozen=True, slots=True)
class Flood:
    """More than `messages_max` messages in `rate_seconds`, or `alike_min` alike in `alike_seconds`.

    Windows are half-open, (t - n seconds, t], by event time and across channels. Whatever order messages
    arrive in, the same ones are condemned: those of every window that breaks a limit.
    """

    messages_max: int = 8
    rate_seconds: int = 10
    alike_min: int = 4
    alike_seconds: int = 30
    similarity_min: float = 0.85
    id: str = "flood"
    version: int = 1
    reads_edits: bool = False

    def __call__(self, message: Message, around: Around) -> Hit | None:
        """The burst around the message."""
        recent = around.recent
        if len(recent) < min(self.messages_max + 1, self.alike_min):
            return None
        at = next((n for n, each in enumerate(recent) if each.message_id == message.message_id), None)
        if at is None:
            return None
        crowd = burst(recent, at, self.rate_seconds * SECOND_US, self.messages_max + 1)
        alike = self._alike(recent, recent[at])
        if not crowd and not alike:
            return None
        return Hit(self._finding(len(crowd), len(alike)), tuple(sorted({*crowd, *alike})))

    def _alike(self, recent: Sequence[Recent], newest: Recent) -> set[Recent]:
        """Bursts of messages like the newest, or like one that the newest is like.

        A message may be what makes a burst of two others that are not alike, so each is tried as the centre.
        """
        span_us = self.alike_seconds * SECOND_US
        near = [each for each in recent if abs(each.posted_us - newest.posted_us) < span_us]
        own = self._like(near, newest)
        found = set(burst(own, own.index(newest), span_us, self.alike_min))
        for centre in own if len(own) > 1 else ():
            if all(each.removed or each in found for each in near):
                break
            like = self._like(near, centre)
            found.update(burst(like, like.index(centre), span_us, self.alike_min))
        return found

    def _like(self, near: Sequence[Recent], centre: Recent) -> list[Recent]:
        mark = centre.fingerprint
        if not mark.length:  # pictures and files without a word are not alike for that
            return [centre]
        return [each for each in near if similarity(each.fingerprint, mark) >= self.similarity_min]

    def _finding(self, crowd: int, alike: int) -> Finding:
        parts = []
        if crowd:
            parts.append(f"{crowd} messages, more than {self.messages_max} in {self.rate_seconds} s")
        if alike:
            parts.append(f"{alike} alike, {self.alike_min} or more in {self.alike_seconds} s")
        score = max(crowd / (2 * self.messages_max), alike / (2 * self.alike_min))
        return Finding(self.id, self.version, min(1.0, score), (), "; ".join(parts))


def burst(entries: Sequence[Recent], at: int, span_us: int, count_min: int) -> Sequence[Recent]:
    """The entries of all windows of `span_us` that hold the one at index `at`, and `count_min` in all.

    These windows share an entry, so what they hold together is one stretch.
    """
    centre_us = entries[at].posted_us
    low, first, last = 0, len(entries), -1
    for high in range(at, len(entries)):
        if entries[high].posted_us - centre_us >= span_us:
            break
        while entries[high].posted_us - entries[low].posted_us >= span_us:
            low += 1
        if high - low + 1 >= count_min:
            first, last = min(first, low), high
    return entries[first : last + 1]
