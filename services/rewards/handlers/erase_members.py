"""Forgets one member for ever, when a person asks for it; the books still fit."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from services.rewards.domain.accounts import AccountKind, TransactionKind
from services.rewards.domain.ledger import Movement
from services.rewards.domain.transaction_id import derived_id
from services.rewards.handlers.change_levels import LEVEL_GRACE
from services.rewards.handlers.choosing import Choosing
from services.rewards.handlers.count_referrals import REFERRAL_DUE
from services.rewards.handlers.handing_over import OPEN_PRIZES
from services.rewards.handlers.linking import unlink
from services.rewards.handlers.look_for_farming import decide_review
from services.rewards.handlers.posting import post
from services.rewards.handlers.redeem_gifts import cancel_all
from services.rewards.store import erasure, links, prizes
from services.rewards.store.ledger import lock_accounts
from shared.contracts.chat import MemberForgotten
from shared.contracts.identity import event_id
from shared.engine import Community, Event, UnitOfWork
from shared.i18n import Catalogue

ERASED = "erased"
HERSELF = "member"


@dataclass(frozen=True, slots=True)
class EraseMembers:
    """Obeys `member.forgotten`; it comes last, so that what the batch tells of the member goes too."""

    texts: Catalogue

    async def __call__(self, batch: Sequence[Event[MemberForgotten]], work: UnitOfWork) -> None:
        """One after another: they are few."""
        for event in batch:
            data = event.data
            # the request's id is of chance: who is forgotten cannot be found again by trying names
            whose = Forgotten(data.member_id, alias_of(event.id), data.requested_by or "", data.reason)
            community = Community(event.profile, "event", event.now)
            await erase_member(work, community, whose, self.texts)


@dataclass(frozen=True, slots=True)
class Forgotten:
    """Who is forgotten, under which name the books go on, and who asked for it."""

    member_id: str
    alias: str
    by: str
    reason: str

    @property
    def asked_by(self) -> str:
        """A member who asks for it is not named either."""
        return HERSELF if self.by in ("", self.member_id) else self.by

    @property
    def because(self) -> str:
        """The reason, without the name."""
        return self.reason.replace("\x00", "").replace(self.member_id, self.alias)


def alias_of(identifier: str) -> str:
    """The name in the books, of an id that nobody can guess."""
    return f"forgotten:{derived_id(identifier, ERASED).replace('-', '')}"


async def erase_member(
    work: UnitOfWork, community: Community, whose: Forgotten, texts: Catalogue
) -> dict[str, int]:
    """Delete everything about the member; returns how many rows of each table went.

    What is set aside comes back first, and what the wallet holds then expires: nobody is there to spend it.
    """
    connection, community_id, member_id = work.connection, community.profile.community_id, whose.member_id
    await _unlink(work, community, whose)
    redemptions = await erasure.open_redemptions(connection, community_id, member_id)
    # before any gift is
    await lock_accounts(connection, {(community_id, ""), (community_id, member_id)})
    await _give_up_places(work, community, member_id, texts)
    await cancel_all(work, community, redemptions, whose.asked_by, ERASED)
    for identifier in await erasure.open_reviews(connection, community_id, member_id):
        await decide_review(work, community_id, identifier, "voided", whose.asked_by, ERASED)
    has_accounts = await _expire(work, community, whose)
    for kind in (LEVEL_GRACE, REFERRAL_DUE):
        work.cancel_timer(community_id, kind, member_id)
    counts = await erasure.erase_member(connection, community_id, member_id, whose.alias)
    if has_accounts or any(counts.values()):
        now = community.now(work.now)
        await erasure.note_erasure(connection, community_id, now, whose.asked_by, whose.because, counts)
    return counts


async def _unlink(work: UnitOfWork, community: Community, whose: Forgotten) -> None:
    """Accounts that are not forgotten get back what they brought, and keep what was brought to them."""
    owner = (community.profile.community_id, whose.member_id)
    for each in (await links.of_persons(work.connection, [owner])).get(owner, ()):
        if whose.member_id in (each.member_id, each.account_id):
            await unlink(
                work, owner[0], UUID(each.link_id), community.now(work.now), whose.asked_by, ERASED,
                gives_back=whose.member_id == each.member_id,
            )  # fmt: skip


async def _give_up_places(work: UnitOfWork, community: Community, member_id: str, texts: Catalogue) -> None:
    """Gifts that are not handed over wait for the other winners again."""
    community_id = community.profile.community_id
    for month in await prizes.open_months(work.connection, community_id, member_id):
        key = (community_id, month)
        await prizes.lock_month(work.connection, key)
        for prize in await prizes.load_prizes(work.connection, key):
            if prize.member_id == member_id and prize.state in OPEN_PRIZES:
                await Choosing(key, community.profile, community.now(work.now), texts, work).withdraw(prize)


async def _expire(work: UnitOfWork, community: Community, whose: Forgotten) -> bool:
    """Points that the wallet holds expire; whether the member has accounts at all."""
    community_id, now = community.profile.community_id, community.now(work.now)
    owners = {(community_id, ""), (community_id, whose.member_id)}
    mine = [each for each in await lock_accounts(work.connection, owners) if each.member_id]
    points = sum(each.balance for each in mine if each.kind == AccountKind.WALLET)
    if points:
        cause = event_id(now, ERASED, community_id, whose.alias)
        moved = Movement(
            derived_id(cause, TransactionKind.EXPIRE), community_id, whose.member_id, points, ERASED, 0,
            cause, now, now, does=TransactionKind.EXPIRE,
        )  # fmt: skip
        await post(work, [moved])
    return bool(mine)
