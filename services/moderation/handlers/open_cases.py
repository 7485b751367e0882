"""Opens cases: a person can judge every decision, and finds what waits for one in the same place."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from services.moderation import metrics
from services.moderation.domain.docket import Docket, Found
from services.moderation.domain.message import Key
from services.moderation.domain.policy import Action, Mode
from services.moderation.store.cases import Case, CaseMessage, save_cases, unresolved
from services.moderation.store.findings import Decided
from services.moderation.store.moments import microseconds_of, moment_of
from shared.contracts.identity import event_id
from shared.contracts.moderation import CaseOpened
from shared.engine import Event, UnitOfWork

DECISION, REVIEW, CAMPAIGN = "decision", "review", "campaign"
REVIEW_WEIGHT = 10
"""What waits stands above what was acted upon already, whatever their scores."""
TEXT_CHARACTERS_MAX = 4000
MESSAGES_TOLD_MAX = 1000

OutcomeKey = tuple[int, str, Key]
"""The event's number, the case of several members or nothing, the member."""


@dataclass(slots=True)
class Outcome:
    """What one event led to for one member, as far as it is new."""

    cause: int
    """Number of the event in the batch."""
    member: Key
    found: list[Found] = field(default_factory=list)
    removed: list[Decided] = field(default_factory=list)
    case_id: str | None = None
    shared_case_id: str | None = None
    """The case of several members to which it belongs, not to the member's own."""

    @property
    def key(self) -> OutcomeKey:
        """What tells it apart; the member's own before those of several."""
        return self.cause, self.shared_case_id or "", self.member

    @property
    def waiting(self) -> list[Found]:
        """Findings that a person decides about."""
        return [each for each in self.found if each.mode is Mode.REVIEW]

    @property
    def reminders(self) -> list[Found]:
        """Findings of which the member is told, and no more."""
        return [
            each for each in self.found if each.mode is Mode.ENFORCE and each.rule.action is Action.REMIND
        ]

    @property
    def judged(self) -> list[Found]:
        """Findings that a person may or must judge."""
        return [each for each in self.found if each.mode is not Mode.OBSERVE]


async def open_cases(
    docket: Docket, outcomes: Sequence[Outcome], batch: Sequence[Event[Any]], work: UnitOfWork
) -> set[str]:
    """Give each outcome its case, one for a burst; returns the ids of the new ones, which are announced."""
    concerned = [each for each in outcomes if each.removed or each.judged]
    joined = {
        window.case_id
        for each in concerned
        if each.shared_case_id is None and (window := docket.windows.get(each.member)) and window.case_id
    }
    open_before = await unresolved(work.connection, sorted(joined))
    for outcome in concerned:
        _join(docket, outcome, batch[outcome.cause], joined - open_before)
    opening: dict[str, tuple[Case, list[Outcome]]] = {}
    scores: dict[str, float] = {}
    for outcome in concerned:
        case = _case(outcome, batch[outcome.cause])
        _, together = opening.setdefault(case.case_id, (case, [outcome]))
        if together[0].cause == outcome.cause and together[0] is not outcome:
            together.append(outcome)
        scores[case.case_id] = max(case.score, scores.get(case.case_id, 0.0))
    cases = [case._replace(score=scores[case.case_id]) for case, _ in opening.values()]
    fresh = await save_cases(work.connection, cases, _messages(concerned, batch))
    for case, together in opening.values():
        if case.case_id in fresh:
            _announce(case, together, work)
    return fresh


def _join(docket: Docket, outcome: Outcome, event: Event[Any], closed: set[str]) -> None:
    """The case of the member's burst, unless a person has closed it, or the one of several members."""
    if outcome.shared_case_id is not None:
        outcome.case_id = outcome.shared_case_id
        return
    proposed = event_id(event.now, "case", event.id)
    outcome.case_id = docket.case_of(outcome.member, microseconds_of(event.occurred_at), proposed, closed)


def _case(outcome: Outcome, event: Event[Any]) -> Case:
    """The case as this outcome alone would open it."""
    assert outcome.case_id is not None
    judged = outcome.waiting or outcome.judged
    finding = judged[0].finding if judged else outcome.removed[0].removal.finding
    member_id: str | None = outcome.member[1]
    kind = DECISION if outcome.removed or not outcome.waiting else REVIEW
    if outcome.shared_case_id is not None:
        kind, member_id = CAMPAIGN, None
    score = max((each.finding.score for each in outcome.judged), default=finding.score)
    score += REVIEW_WEIGHT if outcome.waiting else 0
    about = (outcome.member[0], kind, member_id, finding.rule, finding.version)
    return Case(outcome.case_id, *about, score, event.now)


def _messages(outcomes: Iterable[Outcome], batch: Sequence[Event[Any]]) -> list[CaseMessage]:
    """The messages of the cases; only the one that led to a decision is at hand with its text."""
    rows: dict[tuple[str, str], CaseMessage] = {}
    for outcome in outcomes:
        assert outcome.case_id is not None
        data = batch[outcome.cause].data
        messages = [each.message for each in outcome.judged] + [
            each.removal.message for each in outcome.removed
        ]
        for message in messages:
            text = data.text[:TEXT_CHARACTERS_MAX] if message.message_id == data.message_id else ""
            row = CaseMessage(
                outcome.case_id, message.message_id, outcome.member[1], message.channel_id,
                moment_of(message.posted_us), text,
            )  # fmt: skip
            known = rows.setdefault((outcome.case_id, message.message_id), row)
            if not known.text:
                rows[outcome.case_id, message.message_id] = row
    return list(rows.values())


def _announce(case: Case, together: Sequence[Outcome], work: UnitOfWork) -> None:
    """A new case with what the event that opened it led to."""
    messages = {each.message.message_id for outcome in together for each in outcome.judged}
    messages |= {each.removal.message.message_id for outcome in together for each in outcome.removed}
    metrics.CASES.labels(case.kind).inc()
    work.publish(
        CaseOpened(
            community_id=case.community_id,
            case_id=case.case_id,
            member_id=case.member_id,
            message_ids=tuple(sorted(messages)[:MESSAGES_TOLD_MAX]),
            rule=case.rule,
            score=case.score,
        ),
        case.opened_at,
    )
