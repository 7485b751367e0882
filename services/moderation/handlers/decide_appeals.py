"""Carries a person's decision on an appeal into its case, and tells the member."""

from dataclasses import dataclass
from typing import Literal

import asyncpg

from services.moderation import metrics
from services.moderation.domain.case_file import Act, CaseFile
from services.moderation.handlers.answers import Speaker
from services.moderation.handlers.file_appeals import APPEAL_DUE
from services.moderation.handlers.verdicts import Judge, Word
from services.moderation.store import appeals as store
from services.moderation.store.appeals import Filed
from services.moderation.store.desk import save_case
from shared.contracts.moderation import AppealDecided
from shared.engine import Community, UnitOfWork

OUTCOME = "moderation_appeal_outcome"


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person says of an appeal."""

    outcome: Literal["upheld", "overturned"]
    actor: str
    reason: str


async def decide_appeal(
    appeal: Filed, case: CaseFile, decision: Decision, judge: Judge, community: Community, work: UnitOfWork
) -> asyncpg.Record:
    """Decide an open appeal on its locked case: upheld confirms the case, overturned undoes it."""
    now = community.now(work.now)
    verdict: Literal["confirmed", "overturned"] = (
        "overturned" if decision.outcome == "overturned" else "confirmed"
    )
    word = Word(verdict, decision.actor, decision.reason)
    judged = (await judge.give(case, word, community, work, tell=False)).noted()
    act = f"{Act.APPEAL.value}_{decision.outcome}"
    await save_case(work.connection, judged, now, decision.actor, act, decision.reason)
    row = await store.decide(
        work.connection, appeal.appeal_id, decision.outcome, decision.actor, now, decision.reason
    )
    fact = AppealDecided(
        community_id=appeal.community_id,
        appeal_id=appeal.appeal_id,
        member_id=appeal.member_id,
        outcome=decision.outcome,
        decided_by=decision.actor,
        reason=decision.reason,
    )
    work.publish(fact, now)
    work.cancel_timer(appeal.community_id, APPEAL_DUE, appeal.appeal_id)
    metrics.APPEALS.labels(decision.outcome).inc()
    speaker = Speaker(judge.texts, community.profile, now, work)
    text = speaker.say(f"appeal.{decision.outcome}")
    if decision.reason:
        text += speaker.say("appeal.reason", reason=decision.reason)
    speaker.to_member(appeal.member_id, text, OUTCOME, appeal.appeal_id, appeal.channel_id)
    return row
