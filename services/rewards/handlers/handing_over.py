"""Gifts on their way to members: what is to be handed over, and what follows when it is."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from services.rewards import metrics
from services.rewards.store import fulfilments, prizes
from services.rewards.store.fulfilments import Fulfilment
from services.rewards.store.gifts import Gift
from services.rewards.store.prizes import Prize
from shared.contracts.identity import event_id
from shared.contracts.rewards import GiftFulfilled
from shared.engine import UnitOfWork

OPEN_PRIZES = frozenset({"waiting", "choosing", "chosen"})


async def hand_over(
    work: UnitOfWork, community_id: str, member_id: str, gift: Gift, source: str, source_id: str
) -> str:
    """Ask for a gift to be handed over: by webhook at once, or by somebody. Returns its id."""
    identifier = event_id(work.now, "fulfilment", community_id, source, source_id)
    # one that needs an address waits until there is one
    due = work.now if gift.by_webhook and not gift.needs_address else None
    state = "waiting" if gift.by_webhook else "by_hand"
    await fulfilments.add(
        work.connection,
        Fulfilment(
            identifier, community_id, member_id, gift.gift_id, source, source_id, state, due, None, work.now
        ),
    )
    return identifier


async def handed_over(work: UnitOfWork, row: Any, at: datetime, by: str, proof: str) -> bool:
    """Note that it is with the member; the address goes. False when it was noted before."""
    identifier: UUID = row["fulfilment_id"]
    if not await fulfilments.done(work.connection, identifier, at, by, proof):
        return False
    metrics.GIFTS_FULFILLED.labels(row["source"]).inc()
    if row["source"] == "award":
        await _prize_fulfilled(work, row)
    return True


async def _prize_fulfilled(work: UnitOfWork, row: Any) -> None:
    """The place is done; with the last one the month is."""
    month = date.fromisoformat(f"{row['source_id'][:7]}-01")
    key = (row["community_id"], month)
    await prizes.lock_month(work.connection, key)
    places = await prizes.load_prizes(work.connection, key)
    for each in places:
        if each.member_id == row["member_id"] and each.state == "chosen":
            await prizes.save_prize(work.connection, each._replace(state="fulfilled"))
            _announce(work, each)
    open_ones = [each for each in places if each.state in OPEN_PRIZES and each.member_id != row["member_id"]]
    if not open_ones:
        await prizes.set_state(work.connection, key, "fulfilled")


def _announce(work: UnitOfWork, prize: Prize) -> None:
    assert prize.gift_id is not None
    fact = GiftFulfilled(
        community_id=prize.community_id, month=prize.month, member_id=prize.member_id, gift_id=prize.gift_id
    )
    work.publish(fact, work.now)
