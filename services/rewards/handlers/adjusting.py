"""Points that people give or take: a large adjustment waits for a second person, compensation for budget."""

from uuid import UUID, uuid4

from services.rewards.domain.accounts import TransactionKind
from services.rewards.domain.ledger import Movement
from services.rewards.domain.transaction_id import derived_id
from services.rewards.handlers.posting import post
from services.rewards.store import acts, adjustments
from services.rewards.store.acts import Act
from services.rewards.store.adjustments import Adjustment
from services.rewards.store.rules import load_books
from shared.contracts.identity import event_id
from shared.engine import UnitOfWork, load_community

COMPENSATION = "compensation"


class CannotDecide(Exception):
    """It is refused; `why` names the reason."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


async def adjust(
    work: UnitOfWork, community_id: str, member_id: str, kind: str, points: int, by: str, reason: str
) -> Adjustment:
    """Apply it, or keep it for a second person when it is large. Raises `NotEnough`."""
    now = (await load_community(work.connection, community_id)).now(work.now)
    rules = (await load_books(work.connection, [community_id])).at(community_id, now)
    alone = abs(points) <= rules.adjustment_alone_max
    identifier = event_id(now, "adjustment", community_id, str(uuid4()))
    state = "applied" if alone else "proposed"
    made = Adjustment(identifier, community_id, member_id, kind, points, state, now, by, reason)
    await adjustments.add(work.connection, made)
    detail = {"points": points, "state": state}
    await acts.note(work.connection, Act(community_id, work.now, by, kind, member_id, reason, detail))
    if alone:
        await _apply(work, made)
    return made


async def decide(
    work: UnitOfWork, community_id: str, identifier: UUID, by: str, reason: str, *, agree: bool
) -> Adjustment:
    """A second person agrees, or does not. Raises `CannotDecide` and `NotEnough`."""
    made = await adjustments.lock(work.connection, identifier, community_id)
    if made is None:
        raise CannotDecide("adjustment-unknown")
    if made.state != "proposed":
        raise CannotDecide("adjustment-decided")
    if agree and made.proposed_by == by:
        raise CannotDecide("adjustment-second-person")
    state = "applied" if agree else "refused"
    await adjustments.decide(work.connection, made.adjustment_id, state, work.now, by, reason)
    detail = {"adjustment_id": made.adjustment_id}
    act = Act(community_id, work.now, by, f"{made.kind}_{state}", made.member_id, reason, detail)
    await acts.note(work.connection, act)
    if agree:
        await _apply(work, made)
    return made._replace(state=state)


async def fund(work: UnitOfWork, community_id: str, points: int, by: str, reason: str) -> None:
    """Add points to the budget, or take them from it. Raises `NotEnough`."""
    now = (await load_community(work.connection, community_id)).now(work.now)
    does = TransactionKind.FUND if points > 0 else TransactionKind.DEFUND
    cause = event_id(now, "budget", community_id, str(uuid4()))
    identifier = derived_id(cause, does)
    move = Movement(
        identifier, community_id, "", abs(points), "budget", 0, cause, now, now, does=does, reason=reason
    )
    await post(work, [move])
    await acts.note(
        work.connection, Act(community_id, work.now, by, "budget", "", reason, {"points": points})
    )


async def _apply(work: UnitOfWork, made: Adjustment) -> None:
    """Compensation is paid from the budget; other points come from the issuer and go back to it."""
    does: TransactionKind | None = None
    if made.kind == COMPENSATION:
        does = TransactionKind.COMPENSATE
    elif made.points < 0:
        does = TransactionKind.DEDUCT
    identifier = derived_id(made.adjustment_id, made.kind)
    await post(
        work,
        [
            Movement(
                identifier, made.community_id, made.member_id, abs(made.points), made.kind, 0,
                made.adjustment_id, made.proposed_at, made.proposed_at, reason=made.reason, does=does,
            )
        ],
    )  # fmt: skip
