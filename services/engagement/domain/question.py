"""Questions: whether a message asks something, and which approved answer fits."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import log, sqrt

from services.engagement.domain.attention import Quiet
from services.engagement.domain.silence import on_grid

TEXT_KEPT = 500
UNANSWERED = timedelta(minutes=30)
CHECKED_EVERY = timedelta(minutes=30)
MATCH_MIN = 0.45
"""Cosine from which an approved answer is given."""
ASKED_MAX = 2
"""Members who are asked to help with one question."""

_NOISE = re.compile(r"https?://\S+|`[^`\n]*`|```.*?```|\$[^$\n]*\$", re.DOTALL)
_MARK = re.compile(
    r"(?<![=↦→:]\s)(?<![=↦→])[?？][\s\"'”’)）]*(?:$|[\n.。!！]|(?=[A-Z\u4e00-\u9fff]))", re.MULTILINE
)
_CHINESE = re.compile(
    r"请问|請問|求助|求教|有没有人|有沒有人|有人知道|谁知道|誰知道|怎么(?:办|做|弄|用|样|才|解|设|装|改)|如何|为什么|為什麼|"
    r"(?:吗|嗎|么|呢)[\s。~～]*$",
    re.MULTILINE,
)
_HAN = re.compile(r"[\u4e00-\u9fff]")
_NOT_ASKING = re.compile(
    r"^(?:(?:好吗|行吗|对吧)[?？]?$|[?？\s!！]+$|(?:really|what|huh|no|yes)[?？!]+$)", re.IGNORECASE
)
_NOT_ASKING_IN_CHINESE = re.compile(r"(?:怎么样|如何)[，,。]?(?:都|也)|无论如何|不管怎么")


def is_question(text: str) -> bool:
    """Whether a message asks something of others, in Chinese or English; code and links are left out."""
    may_be_marked = "?" in text or "？" in text
    is_chinese = not text.isascii() and _HAN.search(text) is not None
    if not may_be_marked and not is_chinese:  # as most that is said
        return False
    plain = _NOISE.sub(" ", text).strip()
    if len(plain) < 4 or _NOT_ASKING.match(plain):
        return False
    if is_chinese and _NOT_ASKING_IN_CHINESE.search(plain):
        return False
    is_marked = may_be_marked and _MARK.search(plain) is not None
    return is_marked or (is_chinese and _CHINESE.search(plain) is not None)


def next_check(moment: datetime, quiet: Quiet) -> datetime:
    """When a question that is asked, or passed on, at this moment is looked at: on half hours by day."""
    due_at = on_grid(moment + UNANSWERED, CHECKED_EVERY)
    return quiet.after(due_at) if quiet.holds(due_at) else due_at


def grams(text: str) -> Counter[str]:
    """Pairs of characters of Chinese and other texts in lower case, without spaces and marks."""
    letters = "".join(character for character in text.casefold() if character.isalnum())
    return Counter(letters[place : place + 2] for place in range(len(letters) - 1))


@dataclass(frozen=True, slots=True)
class Faq:
    """An approved answer."""

    community_id: str
    faq_id: str
    question: str
    answer: str


@dataclass(slots=True)
class FaqIndex:
    """Approved answers of a community as TF-IDF vectors of character pairs (Salton & Buckley 1988)."""

    entries: Sequence[Faq]
    weights: dict[str, float] = field(default_factory=dict)
    vectors: list[Mapping[str, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        counted = [grams(each.question) for each in self.entries]
        seen = Counter(gram for each in counted for gram in each)
        total = len(self.entries)
        self.weights = {gram: log((1 + total) / (1 + count)) + 1.0 for gram, count in seen.items()}
        self.vectors = [self._vector(each) for each in counted]

    def _vector(self, counted: Mapping[str, int]) -> Mapping[str, float]:
        unseen = log(1 + len(self.entries)) + 1.0
        raw = {gram: (1 + log(count)) * self.weights.get(gram, unseen) for gram, count in counted.items()}
        norm = sqrt(sum(value * value for value in raw.values()))
        return {gram: value / norm for gram, value in raw.items()} if norm else {}

    def match(self, text: str) -> tuple[Faq, float] | None:
        """The answer that fits best, if it fits well enough, and its cosine."""
        asked = self._vector(grams(text))
        best: tuple[float, int] = (0.0, -1)
        for place, vector in enumerate(self.vectors):
            cosine = sum(weight * vector.get(gram, 0.0) for gram, weight in asked.items())
            best = max(best, (cosine, -place - 1) if cosine > best[0] else best)
        cosine, place = best
        return (self.entries[-place - 1], cosine) if cosine >= MATCH_MIN else None
