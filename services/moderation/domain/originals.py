"""A community's long texts of the last weeks, found again by their marks."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from services.moderation.domain.message import Burst, Message, entry_of
from services.moderation.domain.policy import Rule
from services.moderation.domain.rulebook import Hit
from services.moderation.domain.rules.repost import DAY_US, Original, Repost
from shared.text import similarity

KEPT_DAYS = 31
SAME_FROM = 0.85
"""What is as much alike as this is one text: it has one row, of whoever wrote it first."""
COMPARED_MAX = 200


@dataclass(slots=True)
class Originals:
    """Originals of one community that share a mark with the batch; `fresh` are to be saved."""

    by_mark: dict[int, list[Original]] = field(default_factory=dict)
    fresh: list[Original] = field(default_factory=list)

    @classmethod
    def of(cls, originals: Iterable[Original]) -> "Originals":
        """What was loaded."""
        known = cls()
        for each in originals:
            known._index(each)
        return known

    def read(
        self, message: Message, marks: tuple[int, ...], rules: Sequence[tuple[Rule, Repost]]
    ) -> list[Hit]:
        """Whose text the message repeats; one that repeats nobody's is an original itself."""
        since_us = message.posted_us - max(params.days for _, params in rules) * DAY_US
        alike = self._alike(message, marks, since_us)
        mine = Original(message.message_id, message.member_id, message.posted_us, message.fingerprint, marks)
        if not any(each.posted_us <= message.posted_us for each, _ in alike):
            if not self._knows(mine):
                self.fresh.append(mine)
                self._index(mine)
            return []
        return [hit for rule, params in rules if (hit := _hit(rule, params, message, alike))]

    def _knows(self, mine: Original) -> bool:
        """Whether the text was read before, as the same message's."""
        return any(
            (each.message_id, each.marks) == (mine.message_id, mine.marks)
            for each in self.by_mark.get(mine.marks[0], ())
        )

    def _alike(self, message: Message, marks: tuple[int, ...], since_us: int) -> list[tuple[Original, float]]:
        """Texts alike since then with their likeness, the earliest first."""
        by_mark = self.by_mark
        near = {
            each.message_id: each
            for mark in marks
            if mark in by_mark
            for each in by_mark[mark]
            if each.posted_us > since_us
        }
        if not near:
            return []
        near.pop(message.message_id, None)
        candidates = sorted(near.values(), key=lambda each: (each.posted_us, each.message_id))[:COMPARED_MAX]
        scored = [(each, similarity(each.fingerprint, message.fingerprint, SAME_FROM)) for each in candidates]
        return [(each, likeness) for each, likeness in scored if likeness >= SAME_FROM]

    def _index(self, original: Original) -> None:
        for mark in original.marks:
            if mark in self.by_mark:
                self.by_mark[mark].append(original)
            else:
                self.by_mark[mark] = [original]


def _hit(rule: Rule, params: Repost, message: Message, alike: Sequence[tuple[Original, float]]) -> Hit | None:
    """The earliest text decides: who repeats himself owes nobody a source."""
    if not (params.reads(message) and rule.scope.holds(message)):
        return None
    age_us = params.days * DAY_US
    recent = [pair for pair in alike if 0 <= message.posted_us - pair[0].posted_us < age_us]
    if not recent or recent[0][0].member_id == message.member_id:
        return None
    match = params.judge(message, *recent[0])
    return Hit(rule, Burst(match, (entry_of(message),))) if match else None
