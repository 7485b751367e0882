"""Turns what a batch's rules found into decisions: removals, cases, strikes and sanctions, each told once."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from services.moderation.domain.docket import Docket, Found, Removal
from services.moderation.domain.message import Key
from services.moderation.domain.rulebook import RuleBook
from services.moderation.handlers.announce_decisions import Announcer
from services.moderation.handlers.open_cases import Outcome, OutcomeKey, open_cases
from services.moderation.handlers.sanction_members import sanction_members
from services.moderation.store import findings as store
from services.moderation.store.findings import Decided
from services.moderation.store.windows import load_gone
from shared.engine import Event, UnitOfWork
from shared.i18n import Catalogue


async def decide(
    docket: Docket,
    batch: Sequence[Event[Any]],
    books: Mapping[str, RuleBook],
    texts: Catalogue,
    work: UnitOfWork,
) -> Sequence[Outcome]:
    """Save findings and removals; announce and act on those that nobody decided before, and return them."""
    connection = work.connection
    found = [(each, batch[each.cause].now) for each in docket.found.values()]
    new_findings = await store.save_findings(connection, found)
    gone = await load_gone(connection, sorted(docket.removals))
    decided = [_decision(removal, batch[removal.cause], gone) for removal in docket.removals.values()]
    new_removals = await store.save_removals(connection, decided)
    outcomes = _outcomes(
        [each for each, _ in found if each.key in new_findings],
        [each for each in decided if each.removal.key in new_removals],
    )
    await open_cases(docket, outcomes, batch, work)
    sanctions = await sanction_members(outcomes, batch, books, work)
    Announcer(texts, docket, batch, books, work).announce(outcomes, sanctions)
    return outcomes


def _decision(removal: Removal, event: Event[Any], gone: Collection[Key]) -> Decided:
    if removal.was_gone or removal.key in gone:
        deletion = "gone"
    else:
        deletion = "asked" if event.profile.can(removal.message.channel_id, "delete") else "unable"
    return Decided(removal, event.now, event.id, deletion)


def _outcomes(found: Sequence[Found], decided: Sequence[Decided]) -> list[Outcome]:
    """What is new, by the event that led to it, its member and a case of several; in the order of the log."""
    outcomes: dict[OutcomeKey, Outcome] = {}

    def outcome(of: Found | Removal) -> Outcome:
        fresh = Outcome(of.cause, (of.community_id, of.member_id), shared_case_id=of.case_id)
        return outcomes.setdefault(fresh.key, fresh)

    for each in found:
        outcome(each).found.append(each)
    for decision in decided:
        outcome(decision.removal).removed.append(decision)
    return [outcomes[key] for key in sorted(outcomes)]
