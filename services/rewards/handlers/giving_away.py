"""Red packets and lotteries: set aside of the budget, split or drawn by a seed, what is left comes back."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from services.rewards.domain.accounts import TransactionKind
from services.rewards.domain.draw import commitment, draw, split
from services.rewards.domain.ledger import Movement
from services.rewards.domain.transaction_id import derived_id
from services.rewards.handlers.posting import post
from services.rewards.store import acts
from services.rewards.store import giveaways as store
from services.rewards.store.acts import Act
from services.rewards.store.giveaways import Entry, Giveaway
from shared.contracts.identity import event_id
from shared.engine import DueTimer, Timer, UnitOfWork, load_community

GIVEAWAY_END = "giveaway_end"
PACKET, LOTTERY = "red_packet", "lottery"
SEED_BYTES = 16


class CannotEnter(Exception):
    """It is refused; `why` names the reason."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


async def open_giveaway(
    work: UnitOfWork, community_id: str, kind: str, points: int, shares: int, hours: int, by: str, reason: str
) -> Giveaway:
    """Set the points aside and commit to a seed. Raises `NotEnough`."""
    now = (await load_community(work.connection, community_id)).now(work.now)
    seed = secrets.token_bytes(SEED_BYTES)
    committed = commitment(seed)
    identifier = event_id(now, "giveaway", community_id, committed)
    closes_at = now + timedelta(hours=hours)
    made = Giveaway(
        identifier, community_id, kind, points, shares, seed, committed, now, closes_at, by, reason
    )
    await store.add(work.connection, made)
    await _move(work, made, "", _total(made), TransactionKind.PROMISE, now)
    work.set_timer(Timer(community_id, GIVEAWAY_END, closes_at, identifier))
    detail = {"points": _total(made), "shares": shares, "commitment": committed}
    await acts.note(work.connection, Act(community_id, work.now, by, kind, identifier, reason, detail))
    return made


async def enter(work: UnitOfWork, community_id: str, identifier: UUID, member_id: str) -> Entry:
    """Take a share of a red packet, or part in a lottery; again is as before. Raises `CannotEnter`."""
    made = await store.lock(work.connection, identifier, community_id)
    if made is None:
        raise CannotEnter("giveaway-unknown")
    before = await store.entries(work.connection, made.giveaway_id)
    mine = next((each for each in before if each.member_id == member_id), None)
    if mine is not None:
        return mine
    now = (await load_community(work.connection, community_id)).now(work.now)
    if made.state != "open" or now >= made.closes_at:
        raise CannotEnter("giveaway-over")
    if made.kind == LOTTERY:
        await store.enter(work.connection, made.giveaway_id, member_id, now, None, 0)
        return Entry(member_id, None, 0)
    place = len(before)
    if place >= made.shares:
        raise CannotEnter("giveaway-empty")
    share = split(made.seed, made.points, made.shares)[place]
    await store.enter(work.connection, made.giveaway_id, member_id, now, place, share)
    await _move(work, made, member_id, share, TransactionKind.GRANT, now)
    if place + 1 == made.shares:
        await store.close(work.connection, made.giveaway_id)
    return Entry(member_id, place, share)


@dataclass(frozen=True, slots=True)
class EndGiveaways:
    """A lottery is drawn; what nobody took goes back to the budget."""

    async def __call__(self, due: Sequence[DueTimer], work: UnitOfWork) -> None:
        """One after another, in order of their names."""
        for each in sorted(due, key=lambda each: each.timer.key):
            made = await store.lock(work.connection, UUID(each.timer.key), each.community_id)
            if made is not None and made.state == "open":
                await _end(work, made, each.now)


async def _end(work: UnitOfWork, made: Giveaway, now: datetime) -> None:
    taken = await store.entries(work.connection, made.giveaway_id)
    given = sum(each.points for each in taken)
    if made.kind == LOTTERY:
        winners = draw(made.seed, [each.member_id for each in taken], made.shares)
        for place, member_id in enumerate(winners):
            await store.give_place(work.connection, made.giveaway_id, member_id, place, made.points)
            await _move(work, made, member_id, made.points, TransactionKind.GRANT, now)
        given = made.points * len(winners)
    await store.close(work.connection, made.giveaway_id)
    await _move(work, made, "", _total(made) - given, TransactionKind.RETURN, now)


def _total(made: Giveaway) -> int:
    return made.points if made.kind == PACKET else made.points * made.shares


async def _move(
    work: UnitOfWork, made: Giveaway, member_id: str, points: int, does: TransactionKind, now: datetime
) -> None:
    if not points:
        return
    identifier = derived_id(made.giveaway_id, does, member_id)
    await post(
        work,
        [
            Movement(
                identifier, made.community_id, member_id, points, made.kind, 0, made.giveaway_id, now, now,
                does=does,
            )
        ],
    )  # fmt: skip
