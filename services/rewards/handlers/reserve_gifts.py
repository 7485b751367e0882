"""Sets points and gifts aside for those who redeem, many at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import NamedTuple

from services.rewards import metrics
from services.rewards.domain.accounts import AccountKind, TransactionKind
from services.rewards.domain.calendar import month_of
from services.rewards.domain.ledger import Entry, Movement, NotEnough, Purse, enter
from services.rewards.domain.redemption import CannotRedeem, Shelf, Wisher, promise
from services.rewards.domain.rules import RedemptionRule
from services.rewards.domain.transaction_id import derived_id
from services.rewards.handlers.posting import purses_of, write
from services.rewards.store import gifts, redemptions
from services.rewards.store.redemptions import Redemption
from services.rewards.store.rules import load_books
from shared.contracts.identity import event_id
from shared.contracts.rewards import RedemptionReserved
from shared.engine import Community, Timer, UnitOfWork

REDEMPTION_EXPIRY = "redemption_expiry"


class Wish(NamedTuple):
    """Who wants which gift."""

    member_id: str
    gift_id: str
    asked: str
    """Tells this wish from others of its moment."""
    at: datetime | None = None
    """When it was wished, for what is told again; else now."""


Refused = CannotRedeem | NotEnough


async def reserve(work: UnitOfWork, community: Community, wish: Wish) -> Redemption:
    """Set points and gift aside for one. Raises `CannotRedeem` and `NotEnough`."""
    (outcome,) = await reserve_all(work, community, [wish])
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


async def reserve_all(
    work: UnitOfWork, community: Community, wishes: Sequence[Wish]
) -> list[Redemption | Refused]:
    """Set both aside for each, in their order, as long as there is any; a wish known before is as it was."""
    connection, community_id = work.connection, community.profile.community_id
    now = community.now(work.now)
    identifiers = [
        event_id(wish.at or now, "redemption", community_id, wish.member_id, wish.gift_id, wish.asked)
        for wish in wishes
    ]
    rule = (await load_books(connection, [community_id])).at(community_id, now).redemption
    members = {wish.member_id for wish in wishes}
    month = month_of(now.astimezone(community.profile.zone).date())
    await redemptions.lock_members(connection, community_id, members)
    desk = Desk(
        community_id,
        now,
        month,
        rule,
        made=await redemptions.known(connection, identifiers),
        wishers=await redemptions.wishers(connection, community_id, members, month),
        purses=await purses_of(connection, {(community_id, each) for each in members}, AccountKind.PENDING),
        shelves=await _shelves(work, community_id, wishes),
    )
    outcomes = [desk.try_one(identifier, wish) for identifier, wish in zip(identifiers, wishes, strict=True)]
    await desk.save(work)
    return outcomes


async def _shelves(work: UnitOfWork, community_id: str, wishes: Sequence[Wish]) -> dict[str, Shelf]:
    known = await gifts.lock_gifts(work.connection, community_id, {wish.gift_id for wish in wishes})
    return {
        name: Shelf(gift.cost, gift.for_points, gift.available if gift.is_open else 0)
        for name, gift in known.items()
    }


@dataclass(slots=True)
class Desk:
    """Wishes of one community while they are folded; everything that they touch is locked."""

    community_id: str
    now: datetime
    month: date
    rule: RedemptionRule
    made: dict[str, Redemption]
    wishers: Mapping[str, Wisher]
    purses: Mapping[tuple[str, str], Purse]
    shelves: Mapping[str, Shelf]
    fresh: list[Redemption] = field(default_factory=list)
    movements: list[Movement] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)

    def try_one(self, identifier: str, wish: Wish) -> Redemption | Refused:
        """What becomes of a wish."""
        if identifier in self.made:
            return self.made[identifier]
        shelf, purse = self.shelves.get(wish.gift_id), self.purses.get((self.community_id, wish.member_id))
        try:
            promise(self.wishers[wish.member_id], shelf, purse, self.rule.per_member_month_max)
        except (CannotRedeem, NotEnough) as refusal:
            return refusal
        assert shelf is not None
        expires_at = self.now + timedelta(hours=self.rule.reserved_hours_max)
        made = Redemption(
            identifier, self.community_id, wish.member_id, wish.gift_id, shelf.cost, self.month, self.now,
            expires_at,
        )  # fmt: skip
        self.made[identifier] = made
        self.fresh.append(made)
        if moved := movement(made, TransactionKind.RESERVE, self.now):
            self.movements.append(moved)
            self.entries += enter([moved], self.purses, {})
        return made

    async def save(self, work: UnitOfWork) -> None:
        """Write what was promised, announce it, and set its end."""
        if not self.fresh:
            return
        await redemptions.add(work.connection, self.fresh)
        if self.movements:
            await write(work, self.movements, self.entries, self.purses)
        promised = {name: shelf.promised for name, shelf in self.shelves.items() if shelf.promised}
        await gifts.reserve(work.connection, self.community_id, promised)
        for made in self.fresh:
            identifier = str(made.redemption_id)
            work.set_timer(Timer(self.community_id, REDEMPTION_EXPIRY, made.expires_at, identifier))
            fact = RedemptionReserved(
                community_id=self.community_id, redemption_id=identifier, member_id=made.member_id,
                gift_id=made.gift_id, points=made.points,
            )  # fmt: skip
            work.publish(fact, self.now)
        metrics.REDEMPTIONS.labels("reserved").inc(len(self.fresh))


def movement(made: Redemption, does: TransactionKind, now: datetime) -> Movement | None:
    """The points of a redemption; a gift that costs nothing moves nothing."""
    if not made.points:
        return None
    cause = str(made.redemption_id)
    return Movement(
        derived_id(cause, does), made.community_id, made.member_id, made.points, f"gift:{made.gift_id}", 0,
        cause, now, now, does=does,
    )  # fmt: skip
