"""Links one person's accounts and undoes it; points follow by entries that sum to zero."""

from datetime import datetime
from uuid import UUID

from services.rewards import metrics
from services.rewards.domain.accounts import AccountKind, TransactionKind
from services.rewards.domain.link import ACCOUNTS_MAX, Link, between, passed
from services.rewards.handlers.posting import post
from services.rewards.store import acts, links, reviews
from services.rewards.store.acts import Act
from services.rewards.store.ledger import lock_accounts, open_accounts
from shared.contracts.identity import event_id
from shared.contracts.rewards import MemberLinked, MemberUnlinked
from shared.engine import UnitOfWork
from shared.engine.speaking import Speaker

PURPOSE = "rewards_link"
Held = dict[tuple[str, str], int]


class CannotLink(Exception):
    """It is refused; `why` names the reason."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


async def link(
    work: UnitOfWork, community_id: str, account_id: str, member_id: str, at: datetime, now: datetime
) -> Link:
    """The account is the same person's as the main one, `member_id`. Raises `CannotLink`."""
    held = await _lock(work, community_id, (account_id, member_id))
    await _may(work, community_id, account_id, member_id)
    identifier = event_id(at, "link", community_id, account_id, member_id)
    points = held.get((account_id, AccountKind.WALLET), 0) + held.get((account_id, AccountKind.DEBT), 0)
    made = Link(identifier, community_id, account_id, member_id, at)
    await post(work, passed(points, made, identifier, at, now))
    await links.add(work.connection, made)
    await links.add_moved(work.connection, {identifier: points})
    fact = MemberLinked(
        community_id=community_id, link_id=identifier, member_id=member_id, linked_member_id=account_id,
        points=points,
    )  # fmt: skip
    work.publish(fact, now)
    metrics.LINKS.labels("linked").inc()
    return made._replace(moved=points)


async def _may(work: UnitOfWork, community_id: str, account_id: str, member_id: str) -> None:
    """Who is under review cannot get away from it; links make no chains."""
    owners = [(community_id, account_id), (community_id, member_id)]
    known = await links.of_persons(work.connection, owners)
    if any(each.account_id in (account_id, member_id) for linked in known.values() for each in linked):
        raise CannotLink("already")
    if owners[0] in known:
        raise CannotLink("main")
    if len(known.get(owners[1], ())) >= ACCOUNTS_MAX:
        raise CannotLink("full")
    for owner in owners:
        if await reviews.is_held(work.connection, *owner):
            raise CannotLink("review")


async def unlink(
    work: UnitOfWork, community_id: str, identifier: UUID, now: datetime, by: str, reason: str,
    *, gives_back: bool = True,
) -> tuple[Link, int]:  # fmt: skip
    """The account is on its own again; what it had brought goes back as far as the main wallet has it.

    Returns the link and the points that went back. Raises `CannotLink`.
    """
    known = await links.find(work.connection, identifier, community_id)
    if known is None:
        raise CannotLink("unknown")
    held = await _lock(work, community_id, (known.account_id, known.member_id))
    # until the accounts were locked it may have brought more, or be undone
    undone = await links.find(work.connection, identifier, community_id)
    if undone is None:
        raise CannotLink("unknown")
    has = held.get((undone.member_id, AccountKind.WALLET), 0)
    points = min(undone.moved, has) if gives_back else 0
    await links.undo(work.connection, undone.link_id, now, by, reason, points)
    await _give_back(work, undone, points, now)
    fact = MemberUnlinked(
        community_id=community_id, link_id=undone.link_id, member_id=undone.member_id,
        linked_member_id=undone.account_id, points=points,
    )  # fmt: skip
    work.publish(fact, now)
    detail = {"link_id": undone.link_id, "member_id": undone.member_id, "points": points}
    act = Act(community_id, work.now, by, "unlink", undone.account_id, reason, detail)
    await acts.note(work.connection, act)
    metrics.LINKS.labels("unlinked").inc()
    return undone, points


async def _give_back(work: UnitOfWork, undone: Link, points: int, now: datetime) -> None:
    """Below zero: the account bears again the debts that the main one took over."""
    cause = event_id(now, "unlink", undone.community_id, undone.link_id)
    giver, taker, does = undone.member_id, undone.account_id, TransactionKind.LEAVE
    if points < 0:
        giver, taker, does = undone.account_id, undone.member_id, TransactionKind.ASSUME
    await post(work, between(undone.community_id, giver, taker, abs(points), does, cause, now, now))


def tell_both(speaker: Speaker, link: Link, key: str, cause_id: str, **values: object) -> None:
    """Each account privately, on its own platform."""
    names = {"member": link.member_id, "account": link.account_id, **values}
    for member_id in (link.member_id, link.account_id):
        speaker.to_member(member_id, speaker.say(key, **names), PURPOSE, cause_id)


async def _lock(work: UnitOfWork, community_id: str, members: tuple[str, str]) -> Held:
    """What the accounts hold; nobody moves points of the community until the end."""
    await open_accounts(work.connection, {(community_id, "", AccountKind.ISSUER.value)})
    owners = {(community_id, ""), *((community_id, member) for member in members)}
    accounts = await lock_accounts(work.connection, owners)
    return {(each.member_id, each.kind): each.balance for each in accounts}
