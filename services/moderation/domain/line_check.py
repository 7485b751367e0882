"""Lines of text before the rules, outside of any chat: what each would come to, in the order of reading."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from services.moderation.domain.docket import Docket
from services.moderation.domain.message import Finding, Message
from services.moderation.domain.policy import Mode, Rule
from services.moderation.domain.recorded import Recorded, read_all
from services.moderation.domain.rulebook import Hit, RuleBook
from services.moderation.domain.verdict import Verdict, verdict_of


class Line(NamedTuple):
    """A text, and as far as they are known its member, channel and time."""

    number: int
    text: str
    member_id: str | None = None
    channel_id: str = ""
    sent_us: int | None = None
    """Microseconds since 1970."""


class LineFinding(NamedTuple):
    """What a rule found in a line, and what becomes of it."""

    rule: Rule
    mode: Mode
    finding: Finding


class CheckedLine(NamedTuple):
    """A line with its gravest verdict."""

    line: Line
    verdict: Verdict
    findings: tuple[LineFinding, ...]
    also: tuple[int, ...]
    """Numbers of earlier lines that go with it, as a burst goes whole."""


@dataclass(slots=True)
class LineCheck:
    """Rules that count messages look at lines whose member and time are known."""

    book: RuleBook
    strangers_are_new: bool = True
    """Whether a line of nobody in particular is judged as a new member's."""
    _docket: Docket = field(default_factory=lambda: Docket({}))

    def check(self, lines: Sequence[Line]) -> list[CheckedLine]:
        """The lines of a batch in their order; where batches are cut changes nothing."""
        messages = read_all([_recorded(line) for line in lines])
        shown = self.book.read(messages)
        return [self._check(*each) for each in zip(lines, messages, shown, strict=True)]

    def _check(self, line: Line, message: Message, shown: list[Hit]) -> CheckedLine:
        if line.member_id is None or line.sent_us is None:
            modes = [(hit, hit.rule.mode_for(self.strangers_are_new)) for hit in shown]
            alone = [LineFinding(hit.rule, mode, hit.finding) for hit, mode in modes if mode is not Mode.OFF]
            return _checked(line, alone, set())
        self._docket.judge_posted(message, shown, self.book, 0)
        found = list(self._docket.found.values())
        self._docket.found.clear()
        self._docket.removals.clear()
        self._docket.changed.clear()
        own = [each for each in found if each.message.message_id == message.message_id]
        also = {int(each.message.message_id) for each in found} - {line.number}
        return _checked(line, [LineFinding(each.rule, each.mode, each.finding) for each in own], also)


def _recorded(line: Line) -> Recorded:
    return Recorded("", line.member_id or "", str(line.number), line.channel_id, line.sent_us or 0, line.text)


def _checked(line: Line, findings: Sequence[LineFinding], also: set[int]) -> CheckedLine:
    verdicts = [verdict_of(each.rule, each.mode) for each in findings]
    gravest = max(verdicts, key=lambda verdict: verdict.weight, default=Verdict.ALLOW)
    return CheckedLine(line, gravest, tuple(findings), tuple(sorted(also)))
