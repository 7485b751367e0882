"""Does what a rule would have done by itself, once a person has confirmed a case that waited."""

from collections.abc import Collection, Mapping

import asyncpg

from services.moderation.domain.case_file import DECISION, REPORT, CaseFile
from services.moderation.domain.docket import Docket, Removal
from services.moderation.domain.message import Finding, Key, Recent
from services.moderation.domain.policy import Mode, Policy, Rule
from services.moderation.domain.rulebook import RuleBook
from services.moderation.handlers.announce_decisions import Announcer
from services.moderation.handlers.open_cases import Outcome
from services.moderation.handlers.sanction_members import sanction_members
from services.moderation.store import desk as store
from services.moderation.store.findings import Decided, save_removals
from services.moderation.store.moments import microseconds_of
from services.moderation.store.windows import load_gone
from shared.contracts.identity import event_id
from shared.contracts.moderation import CaseResolved
from shared.engine import Community, Event, UnitOfWork
from shared.i18n import Catalogue
from shared.text import Fingerprint

NO_PRINT = Fingerprint(0, "")


async def confirm(
    case: CaseFile,
    fact: CaseResolved,
    community: Community,
    book: RuleBook,
    texts: Catalogue,
    work: UnitOfWork,
) -> None:
    """Remove what is not removed yet, and put its members on the ladder; each is told.

    Points that an earlier verdict made void count again; a sanction that was lifted is not put back.
    """
    now = community.now(work.now)
    await store.revive_strikes(work.connection, case.case_id)
    standing = await store.standing_messages(work.connection, case.case_id)
    rows = [row for row in standing if _goes(row, case, book.policy)]
    gone = await load_gone(work.connection, [(case.community_id, row["message_id"]) for row in rows])
    cause_id = event_id(now, "verdict", case.case_id, str(case.verdicts))
    event = Event(cause_id, work.source, now, now, fact, community.profile)
    outcomes: dict[str, Outcome] = {}
    for row in rows:
        member = case.community_id, row["member_id"]
        outcome = outcomes.setdefault(row["member_id"], Outcome(0, member, case_id=case.case_id))
        outcome.removed.append(_decided(row, member, event, book.policy, gone))
    await save_removals(work.connection, [each for one in outcomes.values() for each in one.removed])
    books: Mapping[str, RuleBook] = {case.community_id: book}
    for outcome in outcomes.values():
        sanctions = await sanction_members([outcome], [event], books, work)
        Announcer(texts, Docket({}), [event], books, work).announce([outcome], sanctions)


def rule_of(policy: Policy, rule_id: str) -> Rule:
    """The rule as it is now; what members reported, or a rule that is no more, gives no points."""
    kind = REPORT if rule_id == REPORT else "other"
    return policy.rule(rule_id) or Rule(rule_id, kind, None, severity=0)


def _goes(row: asyncpg.Record, case: CaseFile, policy: Policy) -> bool:
    """Of a case that waited all messages go; of one that was acted upon what waits in it, or was restored."""
    rule = rule_of(policy, row["rule"])
    return case.kind != DECISION or row["was_restored"] or Mode.REVIEW in (rule.mode, rule.newcomer_mode)


def _decided(
    row: asyncpg.Record, member: Key, event: Event[CaseResolved], policy: Policy, gone: Collection[Key]
) -> Decided:
    message = Recent(microseconds_of(row["posted_at"]), row["message_id"], row["channel_id"], NO_PRINT)
    finding = Finding(row["rule"], row["rule_version"], row["score"], (), row["evidence"])
    is_gone = (member[0], row["message_id"]) in gone
    can = event.profile.can(row["channel_id"], "delete")
    removal = Removal(*member, message, finding, rule_of(policy, row["rule"]), 0, is_gone)
    deletion = "gone" if is_gone else "asked" if can else "unable"
    return Decided(removal, event.now, event.id, deletion, row["decision"])
