"""What becomes of gifts that are set aside: both are given, or points and gift come back."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.rewards import metrics
from services.rewards.domain.accounts import TransactionKind
from services.rewards.domain.redemption import CannotRedeem
from services.rewards.handlers.handing_over import hand_over
from services.rewards.handlers.posting import post
from services.rewards.handlers.reserve_gifts import REDEMPTION_EXPIRY, movement
from services.rewards.store import gifts, redemptions
from services.rewards.store.redemptions import Redemption
from shared.contracts.rewards import RedemptionCancelled, RedemptionConfirmed
from shared.engine import Community, DueTimer, UnitOfWork

MEMBER = "member"
Ends = Sequence[tuple[Redemption, datetime]]
"""Redemptions that are locked, and when they end."""


async def confirm(work: UnitOfWork, community: Community, identifier: UUID, by: str) -> Redemption:
    """The points are spent and the gift goes out. Raises `CannotRedeem`."""
    made = await _open(work, community, identifier)
    now = community.now(work.now)
    await _move(work, [(made, now)], TransactionKind.CONFIRM)
    known = await gifts.lock_gifts(work.connection, made.community_id, [made.gift_id])
    await gifts.take(work.connection, made.community_id, made.gift_id)
    await _close(work, [(made, now)], "confirmed", by, "")
    gift, redemption_id = known[made.gift_id], str(made.redemption_id)
    await hand_over(work, made.community_id, made.member_id, gift, "redemption", redemption_id)
    fact = RedemptionConfirmed(
        community_id=made.community_id, redemption_id=redemption_id, member_id=made.member_id
    )
    work.publish(fact, now)
    return made._replace(state="confirmed")


async def cancel(
    work: UnitOfWork, community: Community, identifier: UUID, by: str, reason: str
) -> Redemption:
    """Points and gift come back. Raises `CannotRedeem`."""
    made = await _open(work, community, identifier)
    await _undo(work, [(made, community.now(work.now))], "cancelled", by, reason)
    return made._replace(state="cancelled")


async def cancel_all(
    work: UnitOfWork, community: Community, identifiers: Sequence[UUID], by: str, reason: str
) -> None:
    """Points and gifts of those that are open come back."""
    now = community.now(work.now)
    found = await redemptions.lock(work.connection, identifiers)
    await _undo(work, [(made, now) for made in found if made.state == "reserved"], "cancelled", by, reason)


@dataclass(frozen=True, slots=True)
class ExpireRedemptions:
    """What was not confirmed in time comes back."""

    async def __call__(self, due: Sequence[DueTimer], work: UnitOfWork) -> None:
        """All of them together."""
        moments = {each.timer.key: each.now for each in due}
        found = await redemptions.lock(work.connection, map(UUID, moments))
        ends = [(made, moments[str(made.redemption_id)]) for made in found if made.state == "reserved"]
        await _undo(work, ends, "expired", "hearth", "expired")


async def _open(work: UnitOfWork, community: Community, identifier: UUID) -> Redemption:
    found = await redemptions.lock(work.connection, [identifier])
    if not found or found[0].community_id != community.profile.community_id:
        raise CannotRedeem("redemption-unknown")
    if found[0].state != "reserved":
        raise CannotRedeem("redemption-closed")
    return found[0]


async def _undo(work: UnitOfWork, ends: Ends, state: str, by: str, reason: str) -> None:
    await _move(work, ends, TransactionKind.CANCEL)
    for community_id in sorted({made.community_id for made, _ in ends}):
        units = Counter(made.gift_id for made, _ in ends if made.community_id == community_id)
        await gifts.lock_gifts(work.connection, community_id, units)
        await gifts.release(work.connection, community_id, units)
    await _close(work, ends, state, by, reason)
    for made, now in ends:
        fact = RedemptionCancelled(
            community_id=made.community_id, redemption_id=str(made.redemption_id), member_id=made.member_id,
            reason=reason,
        )  # fmt: skip
        work.publish(fact, now)


async def _close(work: UnitOfWork, ends: Ends, state: str, by: str, reason: str) -> None:
    if not ends:
        return
    moments = {str(made.redemption_id): now for made, now in ends}
    await redemptions.close(work.connection, moments, state, by, reason)
    for made, _ in ends:
        work.cancel_timer(made.community_id, REDEMPTION_EXPIRY, str(made.redemption_id))
    metrics.REDEMPTIONS.labels(state).inc(len(ends))


async def _move(work: UnitOfWork, ends: Ends, does: TransactionKind) -> None:
    await post(work, [moved for made, now in ends if (moved := movement(made, does, now)) is not None])
