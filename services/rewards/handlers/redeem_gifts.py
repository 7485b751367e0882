"""Redemption: points and a gift are set aside together, then both are given or both come back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from services.rewards import metrics
from services.rewards.domain.calendar import month_of
from services.rewards.domain.ledger import Movement, TransactionKind
from services.rewards.domain.rules import RedemptionRule
from services.rewards.domain.transaction_id import derived_id
from services.rewards.handlers.handing_over import hand_over
from services.rewards.handlers.posting import post
from services.rewards.store import gifts, redemptions
from services.rewards.store.gifts import Gift
from services.rewards.store.redemptions import Redemption
from services.rewards.store.rules import load_books
from shared.contracts.identity import event_id
from shared.contracts.rewards import RedemptionCancelled, RedemptionConfirmed, RedemptionReserved
from shared.engine import Community, DueTimer, Timer, UnitOfWork

REDEMPTION_EXPIRY = "redemption_expiry"
MEMBER = "member"


class CannotRedeem(Exception):
    """It is refused; `why` names the reason."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


async def reserve(
    work: UnitOfWork,
    community: Community,
    member_id: str,
    gift_id: str,
    asked: str,
    *,
    at: datetime | None = None,
) -> Redemption:
    """Set both aside; `asked`, of the moment `at`, tells this wish from others.

    Raises `CannotRedeem` and `NotEnough`.
    """
    connection, community_id = work.connection, community.profile.community_id
    now = community.now(work.now)
    identifier = event_id(at or now, "redemption", community_id, member_id, gift_id, asked)
    if known := await redemptions.lock(connection, UUID(identifier), community_id):
        return known
    rules = (await load_books(connection, [community_id])).at(community_id, now)
    month = month_of(now.astimezone(community.profile.zone).date())
    gift = await _may(work, community_id, member_id, gift_id, month, rules.redemption)
    expires_at = now + timedelta(hours=rules.redemption.reserved_hours_max)
    made = Redemption(identifier, community_id, member_id, gift_id, gift.cost, month, now, expires_at)
    await redemptions.add(connection, made)
    await _move(work, made, TransactionKind.RESERVE, now)
    work.set_timer(Timer(community_id, REDEMPTION_EXPIRY, expires_at, identifier))
    fact = RedemptionReserved(
        community_id=community_id,
        redemption_id=identifier,
        member_id=member_id,
        gift_id=gift_id,
        points=gift.cost,
    )
    work.publish(fact, now)
    metrics.REDEMPTIONS.labels("reserved").inc()
    return made


async def _may(
    work: UnitOfWork, community_id: str, member_id: str, gift_id: str, month: date, rule: RedemptionRule
) -> Gift:
    """The gift, of which one is promised to the member. Raises `CannotRedeem`."""
    connection = work.connection
    if await redemptions.count(connection, community_id, member_id, month) >= rule.per_member_month_max:
        raise CannotRedeem("redemption-limit")
    if await redemptions.is_held(connection, community_id, member_id):
        raise CannotRedeem("points-under-review")
    gift = await gifts.load_gift(connection, community_id, gift_id)
    if gift is None or not gift.for_points:
        raise CannotRedeem("gift-unknown")
    if not await gifts.reserve(connection, community_id, gift_id):
        raise CannotRedeem("gift-sold-out")
    return gift


async def confirm(work: UnitOfWork, community: Community, identifier: UUID, by: str) -> Redemption:
    """The points are spent and the gift goes out. Raises `CannotRedeem`."""
    made = await _open(work, community, identifier)
    now = community.now(work.now)
    gift = await gifts.load_gift(work.connection, made.community_id, made.gift_id, lock=True)
    assert gift is not None
    await gifts.take(work.connection, made.community_id, made.gift_id)
    await _move(work, made, TransactionKind.CONFIRM, now)
    await _close(work, made, "confirmed", now, by, "")
    await hand_over(work, made.community_id, made.member_id, gift, "redemption", str(made.redemption_id))
    work.publish(
        RedemptionConfirmed(
            community_id=made.community_id, redemption_id=str(made.redemption_id), member_id=made.member_id
        ),
        now,
    )
    return made._replace(state="confirmed")


async def cancel(
    work: UnitOfWork, community: Community, identifier: UUID, by: str, reason: str
) -> Redemption:
    """Points and gift come back. Raises `CannotRedeem`."""
    made = await _open(work, community, identifier)
    return await _undo(work, made, "cancelled", community.now(work.now), by, reason)


@dataclass(frozen=True, slots=True)
class ExpireRedemptions:
    """What was not confirmed in time comes back."""

    async def __call__(self, due: Sequence[DueTimer], work: UnitOfWork) -> None:
        """One after another, in order of their names."""
        for each in sorted(due, key=lambda each: each.timer.key):
            made = await redemptions.lock(work.connection, UUID(each.timer.key), each.community_id)
            if made is not None and made.state == "reserved":
                await _undo(work, made, "expired", each.now, "hearth", "expired")


async def _open(work: UnitOfWork, community: Community, identifier: UUID) -> Redemption:
    made = await redemptions.lock(work.connection, identifier, community.profile.community_id)
    if made is None:
        raise CannotRedeem("redemption-unknown")
    if made.state != "reserved":
        raise CannotRedeem("redemption-closed")
    return made


async def _undo(
    work: UnitOfWork, made: Redemption, state: str, now: datetime, by: str, reason: str
) -> Redemption:
    await gifts.release(work.connection, made.community_id, made.gift_id)
    await _move(work, made, TransactionKind.CANCEL, now)
    await _close(work, made, state, now, by, reason)
    work.publish(
        RedemptionCancelled(
            community_id=made.community_id,
            redemption_id=str(made.redemption_id),
            member_id=made.member_id,
            reason=reason,
        ),
        now,
    )
    return made._replace(state=state)


async def _close(work: UnitOfWork, made: Redemption, state: str, now: datetime, by: str, reason: str) -> None:
    await redemptions.close(work.connection, made.redemption_id, state, now, by, reason)
    work.cancel_timer(made.community_id, REDEMPTION_EXPIRY, str(made.redemption_id))
    metrics.REDEMPTIONS.labels(state).inc()


async def _move(work: UnitOfWork, made: Redemption, does: TransactionKind, now: datetime) -> None:
    """A gift that costs nothing moves nothing."""
    if not made.points:
        return
    cause = str(made.redemption_id)
    identifier = derived_id(cause, does)
    await post(
        work,
        [
            Movement(
                identifier, made.community_id, made.member_id, made.points, f"gift:{made.gift_id}", 0, cause,
                now, now, does=does,
            )
        ],
    )  # fmt: skip
