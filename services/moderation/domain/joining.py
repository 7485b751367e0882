"""Who may come in: by a list, by the answers to a community's questions, or by an operator's word."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from shared.text import normalise


class JoinMode(StrEnum):
    """What happens to those whom no list names."""

    APPROVE = "approve"
    """Everybody waits for an operator."""
    KEYWORDS = "keywords"
    """Who answers every question with one of its keywords comes in, others wait for an operator."""
    OPEN = "open"
    """Everybody comes in."""


class Verdict(StrEnum):
    """What becomes of a request."""

    WAITING = "waiting"
    ACCEPTED = "accepted"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, and which words a right answer holds one of; without words any answer will do."""

    question: str
    keywords: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class JoinPolicy:
    """What a community asks of those who want to come in."""

    mode: JoinMode = JoinMode.APPROVE
    questions: tuple[Question, ...] = ()

    def judge(self, answers: Sequence[tuple[str, str]], effects: Collection[str]) -> Verdict:
        """The verdict on answers (question, answer) of somebody whom lists with these effects name.

        What is denied stands above what is allowed.
        """
        if "deny" in effects:
            return Verdict.REFUSED
        if "allow" in effects or self.mode is JoinMode.OPEN:
            return Verdict.ACCEPTED
        if self.mode is JoinMode.KEYWORDS and self.questions and self._are_right(answers):
            return Verdict.ACCEPTED
        return Verdict.WAITING

    def _are_right(self, answers: Sequence[tuple[str, str]]) -> bool:
        """Answers belong to questions by their words, or by their place where the platform gives no words."""
        by_question = {_read(question): answer for question, answer in answers if question.strip()}
        for place, each in enumerate(self.questions):
            unnamed = answers[place][1] if place < len(answers) and not answers[place][0].strip() else ""
            answer = _read(by_question.get(_read(each.question), unnamed))
            wanted = [_read(keyword) for keyword in each.keywords]
            if not answer or (wanted and not any(keyword in answer for keyword in wanted)):
                return False
        return True


NO_QUESTIONS = JoinPolicy()


def _read(text: str) -> str:
    return normalise(text).text.strip()
