"""Closes calendar months: the three most active members, frozen with their evidence."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from services.rewards import metrics
from services.rewards.domain.facts import MonthKey
from services.rewards.domain.score import DEFAULT_SCORE, WINNERS, ScoreRule, evidence_hash, standings
from services.rewards.store.months import Result, load_month_facts, lock_open, save_results
from shared.contracts.rewards import MonthClosed, Standing
from shared.engine import DueTimer, UnitOfWork


@dataclass(frozen=True, slots=True)
class CloseMonths:
    """A month closes once; whoever comes later, or at the same time, finds it closed."""

    rule: ScoreRule = DEFAULT_SCORE

    async def __call__(self, due: Sequence[DueTimer], work: UnitOfWork) -> None:
        """Load the facts of all due months in one query, freeze and announce the results."""
        moments = {_month(each): each.now for each in due}
        months = await lock_open(work.connection, moments.keys())
        if not months:
            return
        facts = await load_month_facts(work.connection, months, self.rule)
        results = []
        for community_id, month in months:
            candidates = facts[community_id, month]
            results.append(
                Result(
                    community_id,
                    month,
                    closed_at=moments[community_id, month],
                    candidates=len(candidates),
                    score_version=self.rule.version,
                    evidence_hash=evidence_hash(community_id, month, candidates, self.rule),
                    top=standings(candidates, self.rule)[:WINNERS],
                )
            )
        await save_results(work.connection, results)
        work.publish_all((_fact(result), result.closed_at) for result in results)
        metrics.MONTHS_CLOSED.inc(len(results))


def _month(each: DueTimer) -> MonthKey:
    return each.community_id, date.fromisoformat(f"{each.timer.key}-01")


def _fact(result: Result) -> MonthClosed:
    top = tuple(
        Standing(rank=each.rank, member_id=each.member_id, score=each.score, parts=each.parts)
        for each in result.top
    )
    return MonthClosed(
        community_id=result.community_id,
        month=result.month,
        top=top,
        candidates=result.candidates,
        evidence_hash=result.evidence_hash,
    )
