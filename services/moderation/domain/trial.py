"""One rule book over recorded messages: what it would have found and done, without anything being done."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from services.moderation.domain.docket import Docket, Found, Removal
from services.moderation.domain.ladder import Strike, points_at
from services.moderation.domain.message import Key, Message
from services.moderation.domain.policy import Mode, Step
from services.moderation.domain.recorded import Recorded
from services.moderation.domain.rulebook import Hit, RuleBook
from services.moderation.domain.verdict import Verdict, verdict_of
from services.moderation.domain.window import may_be_new

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Noted(NamedTuple):
    """A finding as far as a comparison needs it."""

    verdict: Verdict
    posted_us: int


@dataclass(slots=True)
class Trial:
    """The messages come in the order of the record, in batches of any size: what is found is the same.

    Nobody closes a case here, and every message is judged as if it had come at once.
    """

    book: RuleBook
    noted: dict[tuple[str, str], Noted] = field(default_factory=dict)
    """By message and rule."""
    sanctions: Counter[Step] = field(default_factory=Counter)
    cases: int = 0
    _docket: Docket = field(default_factory=lambda: Docket({}))
    _strikes: dict[Key, list[Strike]] = field(default_factory=dict)
    _struck: dict[Key, str] = field(default_factory=dict)
    """The member's latest case that gave a strike."""

    def may_be_new(self, messages: Sequence[Message]) -> list[int]:
        """The places of messages by members who may be new: the same for any book."""
        return may_be_new(messages, self._docket.windows)

    def judge(
        self, recorded: Sequence[Recorded], messages: Sequence[Message], shown: Sequence[list[Hit]]
    ) -> None:
        """A batch, with what each text shows by itself."""
        docket = self._docket
        for number, (each, message, hits) in enumerate(zip(recorded, messages, shown, strict=True)):
            if each.is_edit:
                docket.judge_edited(message, hits, number)
            elif each.is_operators:
                docket.excuse(each.community_id, each.member_id)
            else:
                docket.judge_posted(message, hits, self.book, number)
        docket.changed.clear()
        if docket.found:
            self._conclude(messages)

    def _conclude(self, messages: Sequence[Message]) -> None:
        """Note what is new, and what it would lead to, in the order of the record."""
        found: dict[int, list[Found]] = {}
        for each in self._docket.found.values():
            if (each.message.message_id, each.rule.id) not in self.noted:
                found.setdefault(each.cause, []).append(each)
                noted = Noted(verdict_of(each.rule, each.mode), each.message.posted_us)
                self.noted[each.message.message_id, each.rule.id] = noted
        removed: dict[int, list[Removal]] = {}
        for removal in self._docket.removals.values():
            removed.setdefault(removal.cause, []).append(removal)
        self._docket.found.clear()
        self._docket.removals.clear()
        for cause in sorted(found):
            self._follow(messages[cause], found[cause], removed.get(cause, []))

    def _follow(self, cause: Message, found: Sequence[Found], removed: Sequence[Removal]) -> None:
        """One case for a burst, one strike for a case."""
        if not removed and all(each.mode is Mode.OBSERVE for each in found):
            return
        member = cause.community_id, cause.member_id
        case_id = self._docket.case_of(member, cause.posted_us, cause.message_id, ())
        self.cases += case_id == cause.message_id
        severity = max((removal.rule.severity for removal in removed), default=0)
        if not severity or self._struck.get(member) == case_id:
            return
        self._struck[member] = case_id
        strikes = self._strikes.setdefault(member, [])
        at = EPOCH + timedelta(microseconds=cause.posted_us)
        strikes.append(Strike(at, severity))
        ladder = self.book.policy.ladder
        if step := ladder.step(points_at(strikes, at, ladder.decay_days)):
            self.sanctions[step] += 1
