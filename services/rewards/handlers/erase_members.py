"""Forgets one member for ever, when a person asks for it; the books still fit."""

import secrets

from services.rewards.domain.ledger import AccountKind, Movement, TransactionKind
from services.rewards.domain.transaction_id import derived_id
from services.rewards.handlers.change_levels import LEVEL_GRACE
from services.rewards.handlers.count_referrals import REFERRAL_DUE
from services.rewards.handlers.look_for_farming import decide_review
from services.rewards.handlers.posting import post
from services.rewards.handlers.redeem_gifts import cancel
from services.rewards.store import erasure
from services.rewards.store.ledger import lock_accounts
from shared.contracts.identity import event_id
from shared.engine import UnitOfWork, load_community

ERASED = "erased"
ALIAS_BYTES = 8


async def erase_member(
    work: UnitOfWork, community_id: str, member_id: str, by: str, reason: str
) -> dict[str, int]:
    """Delete everything about the member; returns how many rows of each table went.

    What is set aside comes back first, and what the wallet holds then expires: nobody is there to spend it.
    """
    connection = work.connection
    community = await load_community(connection, community_id)
    for identifier in await erasure.open_redemptions(connection, community_id, member_id):
        await cancel(work, community, identifier, by, ERASED)
    for identifier in await erasure.open_reviews(connection, community_id, member_id):
        await decide_review(work, community_id, identifier, "voided", by, ERASED)
    now = community.now(work.now)
    accounts = await lock_accounts(connection, {(community_id, ""), (community_id, member_id)})
    points = sum(each.balance for each in accounts if each.kind == AccountKind.WALLET)
    # a name of chance: who is forgotten cannot be found again by trying names
    alias = f"forgotten:{secrets.token_hex(ALIAS_BYTES)}"
    if points:
        cause = event_id(now, ERASED, community_id, alias)
        identifier_ = derived_id(cause, TransactionKind.EXPIRE)
        moved = Movement(
            identifier_, community_id, member_id, points, ERASED, 0, cause, now, now,
            does=TransactionKind.EXPIRE,
        )  # fmt: skip
        await post(work, [moved])
    for kind in (LEVEL_GRACE, REFERRAL_DUE):
        work.cancel_timer(community_id, kind, member_id)
    counts = await erasure.erase_member(connection, community_id, member_id, alias)
    await erasure.note_erasure(connection, community_id, work.now, by, reason, counts)
    return counts
