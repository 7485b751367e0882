"""Hands copies of a campaign to the people of the owner's other communities, where they came before."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from services.moderation import metrics
from services.moderation.domain.crowd import CampaignHit
from services.moderation.domain.message import Message
from services.moderation.domain.policy import Mode, Rule
from services.moderation.domain.rulebook import RuleBook
from services.moderation.domain.rules.campaign import Said
from services.moderation.handlers.look_across import CAMPAIGN
from services.moderation.handlers.open_cases import REVIEW, REVIEW_WEIGHT
from services.moderation.handlers.rulebooks import RuleBooks
from services.moderation.store.cases import Case, CaseMessage, save_cases
from services.moderation.store.moments import moment_of
from shared.contracts.identity import event_id
from shared.contracts.moderation import CaseOpened
from shared.engine import Event, UnitOfWork
from shared.text import normalise

ACTING = (Mode.REVIEW, Mode.ENFORCE)


async def hand_over(
    campaigns: Mapping[int, list[CampaignHit]],
    batch: Sequence[Event[Any]],
    books: RuleBooks,
    work: UnitOfWork,
) -> None:
    """Open a case for each such copy, whose verdict is that community's own.

    A lane decides about its own communities alone, so nothing is removed here. The same copy has one case,
    however many more of the campaign come; one whose community has no such rule has none.
    """
    elsewhere = [
        (batch[number], hit, said)
        for number, hits in campaigns.items()
        for hit in hits
        for said in hit.elsewhere
    ]
    if not elsewhere:
        return
    known = await books.of(work.connection, sorted({said.community_id for _, _, said in elsewhere}))
    cases: dict[str, Case] = {}
    scores: dict[str, float] = {}
    messages: dict[str, CaseMessage] = {}
    for event, hit, said in elsewhere:
        rule = next(_rules(known[said.community_id], said), None)
        if rule is None:
            continue
        case = _case(said, rule, hit, event)
        cases.setdefault(case.case_id, case)
        scores[case.case_id] = max(case.score, scores.get(case.case_id, 0.0))
        where = (said.message_id, said.member_id, said.channel_id, moment_of(said.posted_us))
        messages.setdefault(case.case_id, CaseMessage(case.case_id, *where, ""))
    saved = [case._replace(score=scores[case_id]) for case_id, case in cases.items()]
    fresh = await save_cases(work.connection, saved, messages.values())
    for case_id in sorted(fresh):
        _announce(cases[case_id], messages[case_id], work)


def _rules(book: RuleBook, said: Said) -> Iterator[Rule]:
    """The community's own rules that would have judged the copy."""
    about = (said.community_id, said.member_id, said.message_id, said.channel_id, said.posted_us)
    message = Message(*about, normalise(""), said.fingerprint)
    for rule, _ in book.across(CAMPAIGN):
        if (rule.mode in ACTING or rule.newcomer_mode in ACTING) and rule.scope.holds(message):
            yield rule


def _case(said: Said, rule: Rule, hit: CampaignHit, event: Event[Any]) -> Case:
    case_id = event_id(moment_of(said.posted_us), CAMPAIGN, said.community_id, said.message_id)
    about = (said.community_id, REVIEW, said.member_id, rule.id, rule.version)
    return Case(case_id, *about, hit.match.score + REVIEW_WEIGHT, event.now, hit.match.evidence)


def _announce(case: Case, message: CaseMessage, work: UnitOfWork) -> None:
    metrics.CASES.labels(case.kind).inc()
    fact = CaseOpened(
        community_id=case.community_id,
        case_id=case.case_id,
        member_id=case.member_id,
        message_ids=(message.message_id,),
        rule=case.rule,
        score=case.score,
    )
    work.publish(fact, case.opened_at)
