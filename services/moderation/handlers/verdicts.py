"""A person's verdict on a case, with everything that follows from it, in the transaction of the request."""

from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple

from services.moderation import metrics
from services.moderation.domain.case_file import CaseFile, Verdict
from services.moderation.domain.rules import KINDS
from services.moderation.handlers.confirm import confirm
from services.moderation.handlers.overturn import overturn
from services.moderation.handlers.rulebooks import RuleBooks
from services.moderation.handlers.weigh_rules import weigh_rule
from services.moderation.store import desk as store
from shared.contracts.commands import SendMessage
from shared.contracts.identity import event_id
from shared.contracts.moderation import CaseResolved
from shared.engine import Community, UnitOfWork
from shared.i18n import Catalogue

COMMAND_VALID = timedelta(days=1)
PURPOSE = "moderation_verdict"


class Word(NamedTuple):
    """What a person says of a case."""

    verdict: Verdict
    actor: str
    reason: str


@dataclass(frozen=True, slots=True)
class Judge:
    """Carries verdicts into everything that was derived from what they are about."""

    texts: Catalogue
    books: RuleBooks

    async def give(
        self, case: CaseFile, word: Word, community: Community, work: UnitOfWork, *, tell: bool = True
    ) -> CaseFile:
        """The verdict on a locked case; the one that stands already changes nothing. Returns the case after.

        `tell`: whether the member hears of an overturned decision; who answers an appeal says it himself.
        """
        if case.verdict == word.verdict:
            return case
        now = community.now(work.now)
        after = case.resolved(word.verdict, word.actor, now, word.reason)
        await store.save_case(work.connection, after, now, word.actor, word.verdict, word.reason)
        book = (await self.books.of(work.connection, [case.community_id]))[case.community_id]
        rule = book.policy.rule(case.rule)
        by_text = rule is None or not KINDS[rule.kind].counts_messages
        await store.note_verdict(work.connection, after, now, by_text=by_text)
        fact = CaseResolved(
            community_id=after.community_id,
            case_id=after.case_id,
            version=after.verdicts,
            verdict=word.verdict,
            resolved_by=word.actor,
            reason=word.reason,
        )
        work.publish(fact, now)
        metrics.VERDICTS.labels(word.verdict).inc()
        if word.verdict == "confirmed":
            await confirm(after, fact, community, book, self.texts, work)
        else:
            undone = await overturn(after, community, book.policy.ladder, work)
            if tell and any(undone):
                await self._tell(after, community, work)
        await weigh_rule(case.rule, case.rule_version, book.policy, community, self.texts, work)
        return after

    async def _tell(self, case: CaseFile, community: Community, work: UnitOfWork) -> None:
        if case.member_id is None:
            return
        now, profile = community.now(work.now), community.profile
        channel_id = await store.channel_of(work.connection, case.case_id)
        direct = channel_id is None or profile.can(channel_id, "direct")
        command = SendMessage(
            community_id=case.community_id,
            channel_id=None if direct else channel_id,
            member_id=case.member_id,
            text=self.texts.say(profile.locale, "verdict.overturned"),
            purpose=PURPOSE,
            cause_id=event_id(now, "verdict", case.case_id, str(case.verdicts)),
            expires_at=now + COMMAND_VALID,
        )
        work.publish(command, now)
        metrics.NOTICES.labels("member").inc()
