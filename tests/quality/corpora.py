"""The own corpora before all shipped rules: evasions are to be caught, innocent texts to be let be."""

from collections.abc import Sequence

from services.moderation.domain.line_check import CheckedLine, Line, LineCheck
from services.moderation.domain.verdict import Verdict
from tests.moderation_corpus import read_corpus
from tests.moderation_desk import BOOK
from tests.quality.figures import Figure, Report

CAUGHT_MIN = 0.95
FLAGGED_MAX = 0.01


def checked(corpus: str) -> list[CheckedLine]:
    """Each text of a corpus, said by a member who is known."""
    lines = [Line(number, text) for number, text in enumerate(read_corpus(corpus), 1)]
    return LineCheck(BOOK, strangers_are_new=False).check(lines)


def evasions() -> Report:
    """Shares that are removed, and that are removed or sent to people."""
    lines = checked("evasions")
    missed = [each for each in lines if each.verdict is not Verdict.REMOVE]
    removed = 1 - len(missed) / len(lines)
    reviewed = sum(each.verdict.is_caught for each in lines) / len(lines)
    return Report(
        [
            Figure(f"evasions removed, of {len(lines)}", removed, least=CAUGHT_MIN),
            Figure("evasions removed or reviewed", reviewed, least=CAUGHT_MIN),
        ],
        told(missed),
    )


def innocent() -> Report:
    """Shares that are removed, and that are removed or sent to people."""
    lines = checked("innocent")
    flagged = [each for each in lines if each.verdict.is_caught]
    removed = sum(each.verdict is Verdict.REMOVE for each in flagged) / len(lines)
    return Report(
        [
            Figure(f"innocent texts removed, of {len(lines)}", removed, most=FLAGGED_MAX),
            Figure("innocent texts removed or reviewed", len(flagged) / len(lines), most=FLAGGED_MAX),
        ],
        told(flagged),
    )


def told(lines: Sequence[CheckedLine]) -> list[str]:
    """Verdict, rules and text."""
    return [
        f"{each.verdict} by {', '.join(one.rule.id for one in each.findings) or 'nothing'}: {each.line.text}"
        for each in lines
    ]
