"""Posts movements to the ledger: locked accounts, entries, balances, announcements."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

from services.rewards import metrics
from services.rewards.domain.accounts import AMONG_OWN, OF_MEMBERS, AccountKind, TransactionKind, needs
from services.rewards.domain.ledger import Balance, Entry, Movement, Owner, Purse, Till, changes_of, enter
from services.rewards.handlers.change_levels import change_levels
from services.rewards.handlers.follow_links import follow_links
from services.rewards.store.ledger import (
    Account,
    known_transactions,
    lock_accounts,
    open_accounts,
    write_movements,
)
from services.rewards.store.links import of_accounts
from shared.contracts.contract import Contract
from shared.contracts.rewards import PointsAwarded, PointsReversed
from shared.engine import Poison, UnitOfWork
from shared.postgres.connection import Connection

ORDINARY = frozenset({AccountKind.ISSUER, AccountKind.WALLET, AccountKind.DEBT})
GIVES = frozenset({TransactionKind.AWARD, TransactionKind.GRANT, TransactionKind.COMPENSATE})


async def post(work: UnitOfWork, movements: Sequence[Movement]) -> None:
    """Write the movements in their order and announce them; what the ledger holds already is left out.

    Raises `Poison` when an id stands in the ledger for something else, and `NotEnough`.
    """
    fresh = await _fresh(work.connection, movements)
    if not fresh:
        return
    purses, tills = await _open_purses(work.connection, fresh)
    # with the accounts locked nobody links or unlinks them
    if (followed := await follow_links(work.connection, fresh)) is not fresh:
        fresh = followed
        purses, tills = await _open_purses(work.connection, fresh)
    await write(work, fresh, enter(fresh, purses, tills), purses)


async def write(
    work: UnitOfWork, fresh: Sequence[Movement], entries: Sequence[Entry], purses: Mapping[Owner, Purse]
) -> None:
    """Write movements that are new, with the entries that they were entered as, and announce them."""
    earned = {purse.wallet_id: purse.earning for purse in purses.values() if purse.earning}
    writing = write_movements(work.connection, fresh, entries, changes_of(entries), earned)
    facts = ((fact, movement.announced_at) for movement in fresh if (fact := _fact(movement)))
    await work.publish_during(writing, facts)
    await change_levels(work, purses, fresh)
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
    connection: Connection, movements: Collection[Movement]
) -> tuple[dict[Owner, Purse], dict[str, Till]]:
    """The members' purses and the communities' tills, locked; accounts are made where they are missing.

    What stays among a member's own accounts needs no till, at which all others of the community would wait.
    """
    members = {(movement.community_id, movement.member_id) for movement in movements}
    # what a linked account is given goes on to the main one, past the till
    linked = (
        await of_accounts(connection, members) if all(each.does in AMONG_OWN for each in movements) else ()
    )
    owners = members | {
        (each.community_id, "")
        for each in movements
        if each.does not in AMONG_OWN or (each.community_id, each.member_id) in linked
    }
    wanted = {(*owner, kind) for owner in owners for kind in _kinds(owner)} | _special(movements)
    accounts = await lock_accounts(connection, owners)
    missing = wanted - {(each.community_id, each.member_id, each.kind) for each in accounts}
    if missing:
        await _open(connection, missing)
        accounts = await lock_accounts(connection, owners)
    return _purses(members, accounts), _tills(accounts)


async def _open(connection: Connection, missing: Collection[tuple[str, str, str]]) -> None:
    """Tills first, and locked: two that make the same member's accounts meet there, and not in between."""
    if tills := {each for each in missing if not each[1]}:
        await open_accounts(connection, tills)
        await lock_accounts(connection, {(community_id, "") for community_id, _, _ in tills})
    if of_members := {each for each in missing if each[1]}:
        await open_accounts(connection, of_members)


async def purses_of(
    connection: Connection, owners: Collection[Owner], besides: AccountKind
) -> dict[Owner, Purse]:
    """The purses of those members who have any, locked, each with an account of this kind, too."""
    accounts = await lock_accounts(connection, owners)
    having = {(each.community_id, each.member_id) for each in accounts if each.kind == AccountKind.WALLET}
    if missing := having - {(each.community_id, each.member_id) for each in accounts if each.kind == besides}:
        await open_accounts(connection, {(*owner, besides.value) for owner in missing})
        accounts = await lock_accounts(connection, owners)
    return _purses(having, accounts)


def _kinds(owner: Owner) -> tuple[str, ...]:
    return (AccountKind.WALLET.value, AccountKind.DEBT.value) if owner[1] else (AccountKind.ISSUER.value,)


def _special(movements: Iterable[Movement]) -> set[tuple[str, str, str]]:
    """The accounts that only some kinds of transactions need."""
    return {
        (each.community_id, each.member_id if kind in OF_MEMBERS else "", kind.value)
        for each in movements
        if each.does is not None
        for kind in needs(each.does)
    }


def _purses(members: Iterable[Owner], accounts: Iterable[Account]) -> dict[Owner, Purse]:
    held = {(account.community_id, account.member_id, account.kind): account for account in accounts}
    purses = {}
    for owner in members:
        if not owner[1]:
            continue
        wallet, debt = held[*owner, "wallet"], held[*owner, "debt"]
        purses[owner] = Purse(wallet.id, debt.id, wallet.balance, debt.balance, earned=wallet.earned)
    for each in accounts:
        if each.member_id and each.kind not in ORDINARY:
            purses[each.community_id, each.member_id].others[each.kind] = Balance(each.id, each.balance)
    return purses


def _tills(accounts: Iterable[Account]) -> dict[str, Till]:
    ours = [each for each in accounts if not each.member_id]
    tills = {each.community_id: Till(each.id) for each in ours if each.kind == AccountKind.ISSUER}
    for each in ours:
        if each.kind != AccountKind.ISSUER:
            tills[each.community_id].others[each.kind] = Balance(each.id, each.balance)
    return tills


def _fact(movement: Movement) -> Contract | None:
    """What others are told; what only moves between a member's own accounts is told by its own events."""
    if movement.reverses is not None:
        return PointsReversed(
            community_id=movement.community_id,
            transaction_id=movement.transaction_id,
            reversed_transaction_id=movement.reverses,
            member_id=movement.member_id,
            points=movement.points,
            reason=movement.reason,
            cause_id=movement.cause_id,
        )
    if movement.does is not None and movement.does not in GIVES:
        return None
    return PointsAwarded(
        community_id=movement.community_id,
        transaction_id=movement.transaction_id,
        member_id=movement.member_id,
        points=movement.points,
        rule=movement.rule,
        cause_id=movement.cause_id,
    )


def _count(movements: Iterable[Movement]) -> None:
    awarded: Counter[str] = Counter()
    reversed_: Counter[str] = Counter()
    moved: Counter[str] = Counter()
    for movement in movements:
        if movement.reverses is not None:
            reversed_[movement.reason] += movement.points
        elif movement.does is None or movement.does in GIVES:
            awarded[movement.rule] += movement.points
        else:
            moved[movement.does] += movement.points
    for rule, points in awarded.items():
        metrics.POINTS_AWARDED.labels(rule).inc(points)
    for reason, points in reversed_.items():
        metrics.POINTS_REVERSED.labels(reason).inc(points)
    for kind, points in moved.items():
        metrics.POINTS_MOVED.labels(kind).inc(points)
