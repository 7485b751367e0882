"""Posts movements to the ledger: locked accounts, entries, balances, announcements."""

from collections import Counter
from collections.abc import Iterable, Sequence

from services.rewards import metrics
from services.rewards.domain.ledger import AccountKind, Movement, Owner, Purse, changes_of, enter
from services.rewards.store.ledger import (
    known_transactions,
    lock_accounts,
    open_accounts,
    write_movements,
)
from shared.contracts.contract import Contract
from shared.contracts.rewards import PointsAwarded, PointsReversed
from shared.engine import Poison, UnitOfWork
from shared.postgres.connection import Connection


async def post(work: UnitOfWork, movements: Sequence[Movement]) -> None:
    """Write the movements in their order and announce them; what the ledger holds already is left out.

    Raises `Poison` when an id stands in the ledger for something else.
    """
    fresh = await _fresh(work.connection, movements)
    if not fresh:
        return
    purses, issuers = await _open_purses(work.connection, fresh)
    entries = enter(fresh, purses, issuers)
    writing = write_movements(work.connection, fresh, entries, changes_of(entries))
    await work.publish_during(writing, ((_fact(movement), movement.announced_at) for movement in fresh))
    _count(fresh)


async def _fresh(connection: Connection, movements: Sequence[Movement]) -> Sequence[Movement]:
    if not movements:
        return ()
    known = await known_transactions(connection, [movement.transaction_id for movement in movements])
    if not known:
        return movements
    for movement in movements:
        if known.get(movement.transaction_id, movement.fingerprint) != movement.fingerprint:
            raise Poison(f"transaction {movement.transaction_id} is in the ledger with another fingerprint")
    return [movement for movement in movements if movement.transaction_id not in known]


async def _open_purses(
    connection: Connection, movements: Iterable[Movement]
) -> tuple[dict[Owner, Purse], dict[str, int]]:
    """The members' purses and the communities' issuers, locked; made where they are missing."""
    members = {(movement.community_id, movement.member_id) for movement in movements}
    owners = members | {(community_id, "") for community_id, _ in members}
    accounts = await lock_accounts(connection, owners)
    missing = owners - {(account.community_id, account.member_id) for account in accounts}
    if missing:
        await open_accounts(connection, [(*owner, kind) for owner in missing for kind in _kinds(owner)])
        accounts += await lock_accounts(connection, missing)
    held = {(account.community_id, account.member_id, account.kind): account for account in accounts}
    purses = {}
    for owner in members:
        wallet, debt = held[*owner, AccountKind.WALLET], held[*owner, AccountKind.DEBT]
        purses[owner] = Purse(wallet.id, debt.id, wallet.balance, debt.balance)
    return purses, {each.community_id: each.id for each in accounts if each.kind == AccountKind.ISSUER}


def _kinds(owner: Owner) -> tuple[AccountKind, ...]:
    return (AccountKind.WALLET, AccountKind.DEBT) if owner[1] else (AccountKind.ISSUER,)


def _fact(movement: Movement) -> Contract:
    if movement.reverses is None:
        return PointsAwarded(
            community_id=movement.community_id,
            transaction_id=movement.transaction_id,
            member_id=movement.member_id,
            points=movement.points,
            rule=movement.rule,
            cause_id=movement.cause_id,
        )
    return PointsReversed(
        community_id=movement.community_id,
        transaction_id=movement.transaction_id,
        reversed_transaction_id=movement.reverses,
        member_id=movement.member_id,
        points=movement.points,
        reason=movement.reason,
        cause_id=movement.cause_id,
    )


def _count(movements: Iterable[Movement]) -> None:
    awarded: Counter[str] = Counter()
    reversed_: Counter[str] = Counter()
    for movement in movements:
        if movement.reverses is None:
            awarded[movement.rule] += movement.points
        else:
            reversed_[movement.reason] += movement.points
    for rule, points in awarded.items():
        metrics.POINTS_AWARDED.labels(rule).inc(points)
    for reason, points in reversed_.items():
        metrics.POINTS_REVERSED.labels(reason).inc(points)
