"""Puts members on the ladder: one strike and one sanction for each case, never for what came too late."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from services.moderation import metrics
from services.moderation.domain.ladder import Strike, points_at
from services.moderation.domain.message import Key
from services.moderation.domain.policy import Ladder, Step
from services.moderation.domain.rulebook import RuleBook
from services.moderation.handlers.open_cases import Outcome, OutcomeKey
from services.moderation.store import sanctions as store
from services.moderation.store.sanctions import Sanction, StrikeRow
from shared.contracts.commands import MuteMember
from shared.contracts.identity import event_id
from shared.contracts.moderation import SanctionApplied
from shared.engine import Event, Timer, UnitOfWork

SANCTION_END = "sanction_end"
COMMAND_VALID = timedelta(minutes=10)
KINDS: Mapping[str, Any] = {
    Step.REMINDER: "reminder",
    Step.WARNING: "warning",
    Step.SHORT_MUTE: "mute",
    Step.LONG_MUTE: "mute",
    Step.REMOVAL: "mute",
}
"""What other services read; a removal is proposed to a person, and the member is mute until then."""


@dataclass(frozen=True, slots=True)
class _Candidate:
    """An outcome that gives a strike if its case has none."""

    outcome: Outcome
    event: Event[Any]
    strike: StrikeRow


async def sanction_members(
    outcomes: Sequence[Outcome], batch: Sequence[Event[Any]], books: Mapping[str, RuleBook], work: UnitOfWork
) -> Mapping[OutcomeKey, Sanction]:
    """The sanctions by the outcome that led to them; saved, announced, asked of connectors."""
    candidates: dict[tuple[Key, str], _Candidate] = {}
    for outcome in outcomes:
        event = batch[outcome.cause]
        strike = _strike(outcome, event)
        if strike and not event.is_stale:
            candidates.setdefault((outcome.member, strike.case_id), _Candidate(outcome, event, strike))
    members = sorted({each.outcome.member for each in candidates.values()})
    held = await store.load_strikes(work.connection, members)
    fresh = await store.save_strikes(work.connection, [each.strike for each in candidates.values()])
    sanctions: dict[OutcomeKey, Sanction] = {}
    for name, each in candidates.items():
        if name not in fresh:
            continue
        strikes = held[each.outcome.member]
        strikes.append(Strike(each.strike.at, each.strike.points))
        sanction = _sanction(each, strikes, books[each.event.community_id].policy.ladder)
        if sanction:
            sanctions[each.outcome.key] = sanction
            metrics.SANCTIONS.labels(sanction.step).inc()
            _ask(sanction, each, work)
    await store.save_sanctions(work.connection, sanctions.values())
    return sanctions


def _strike(outcome: Outcome, event: Event[Any]) -> StrikeRow | None:
    """The gravest of the removals gives the points."""
    removals = [
        each.removal for each in outcome.removed if each.removal.rule.severity and not each.removal.was_stale
    ]
    if not removals or outcome.case_id is None:
        return None
    gravest = max(removals, key=lambda removal: removal.rule.severity)
    return StrikeRow(
        *outcome.member,
        outcome.case_id,
        event.now,
        gravest.rule.severity,
        gravest.rule.id,
        gravest.rule.version,
    )


def _sanction(candidate: _Candidate, strikes: Sequence[Strike], ladder: Ladder) -> Sanction | None:
    event, strike = candidate.event, candidate.strike
    points = points_at(strikes, event.now, ladder.decay_days)
    step = ladder.step(points)
    if step is None:
        return None
    mute = ladder.mute(step)
    channel_id = candidate.outcome.removed[0].removal.message.channel_id
    how = "told" if mute is None else "muted" if event.profile.can(channel_id, "mute") else "unable"
    return Sanction(
        event_id(event.now, "sanction", strike.case_id, strike.member_id),
        strike.community_id, strike.member_id, step, strike.case_id, strike.rule,
        strike.rule_version, points, event.now, event.now + mute if mute else None, how,
    )  # fmt: skip


def _ask(sanction: Sanction, candidate: _Candidate, work: UnitOfWork) -> None:
    """Announce it; a mute is asked of the connector, and its end is a timer."""
    event = candidate.event
    work.publish(
        SanctionApplied(
            community_id=sanction.community_id,
            sanction_id=sanction.sanction_id,
            member_id=sanction.member_id,
            kind=KINDS[sanction.step],
            rule=sanction.rule,
            rule_version=sanction.rule_version,
            until=sanction.until,
            case_id=sanction.case_id,
        ),
        event.now,
    )
    if sanction.until is None:
        return
    work.set_timer(Timer(sanction.community_id, SANCTION_END, sanction.until, sanction.sanction_id))
    if sanction.how == "muted":
        work.publish(
            MuteMember(
                community_id=sanction.community_id,
                member_id=sanction.member_id,
                until=sanction.until,
                purpose=sanction.rule,
                cause_id=sanction.sanction_id,
                expires_at=event.now + COMMAND_VALID,
            ),
            event.now,
        )
