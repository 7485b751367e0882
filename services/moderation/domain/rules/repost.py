"""Reposts (尊重原创): a long text that another member wrote before, without a word of where it is from."""

from dataclasses import dataclass
from typing import NamedTuple

from services.moderation.domain.message import Match, Message
from services.moderation.domain.rules.kind import Kind
from shared.text import Fingerprint, Pattern, links_of

DAY_US = 24 * 3600 * 1_000_000
DAYS_MAX = 30
CHARACTERS_LEAST = 40
"""Below that texts are alike by chance."""
HAN_BYTES = 3
CREDIT = Pattern(
    r"转自|转载|来源|出处|原文|原作|作者|引用|摘自|摘录|转发|搬运|出自|文自|图文自"
    r"|\bvia\b|\bsource\b|\bcredit|\bquot|\boriginal|\bauthor\b|\bfrom @|\bby @|\bfwd\b|\bforward"
    r"|^\s?>|\n\s?>"
)
"""Words that name a source, and the mark of a quotation."""


class Original(NamedTuple):
    """The first of the texts that are alike."""

    message_id: str
    member_id: str
    posted_us: int
    fingerprint: Fingerprint
    marks: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Repost:
    """`characters_min` or more Han characters, alike another member's earlier text of the last `days`.

    A Han character says as much as three Latin letters, and takes as many bytes in UTF-8.

    Quoting, naming a source, answering the author or addressing the author is credit enough.
    """

    characters_min: int = 80
    """Of the normalised text."""
    similarity_min: float = 0.85
    days: int = 7

    def __post_init__(self) -> None:
        if self.characters_min < CHARACTERS_LEAST:
            raise ValueError(f"only texts of {CHARACTERS_LEAST} characters or more can be reposts")
        if not 0.5 <= self.similarity_min <= 1:
            raise ValueError("texts are alike from a similarity between 0.5 and 1")
        if not 1 <= self.days <= DAYS_MAX:
            raise ValueError(f"originals are remembered for 1 to {DAYS_MAX} days")

    def reads(self, message: Message) -> bool:
        """Whether the text is long enough."""
        text = message.text.text
        return len(text) >= self.characters_min and self._is_long(text)

    def judge(self, message: Message, original: Original, likeness: float) -> Match | None:
        """What a message that is so much like an original of somebody else's shows."""
        age_us = message.posted_us - original.posted_us
        if likeness < self.similarity_min or not 0 <= age_us < self.days * DAY_US:
            return None
        if message.reply_to_member == original.member_id or original.member_id in message.mentions:
            return None
        text = message.text.text
        for link in reversed(links_of(text)):  # a link names its source itself
            text = text[: link.start] + text[link.end :]
        if not self._is_long(text) or CREDIT.occurs_in(message.text.text):
            return None
        evidence = f"{likeness:.0%} like another member's text of {age_us // DAY_US} days ago, no source"
        return Match(round(likeness, 3), ((0, len(message.text.original)),), evidence)

    def _is_long(self, text: str) -> bool:
        return len(text.encode("utf-8", "surrogatepass")) >= HAN_BYTES * self.characters_min


REPOST = Kind("repost", Repost, lambda params, _: params, crosses_members=True)
