"""Empties wallets in which nothing moved for long, where a community's rules say so."""

from datetime import datetime, timedelta

from services.rewards.domain.accounts import TransactionKind
from services.rewards.domain.ledger import Movement
from services.rewards.domain.rules import RuleSet
from services.rewards.domain.transaction_id import derived_id
from services.rewards.handlers.posting import post
from services.rewards.store.ledger import idle_wallets
from shared.contracts.identity import event_id
from shared.engine import UnitOfWork


async def expire_points(work: UnitOfWork, community_id: str, now: datetime, rules: RuleSet) -> None:
    """What an idle wallet holds goes; the newest transaction's own time says how idle it is."""
    before = now - timedelta(days=rules.expire_after_days)
    movements = []
    for member_id, points in await idle_wallets(work.connection, community_id, before):
        cause = event_id(now, "expiry", community_id, member_id)
        identifier = derived_id(cause, TransactionKind.EXPIRE)
        movements.append(
            Movement(
                identifier, community_id, member_id, points, "expiry", rules.version, cause, now, now,
                does=TransactionKind.EXPIRE,
            )
        )  # fmt: skip
    await post(work, movements)
