"""Counts invitations: paid when the invitee has stayed and talked, taken back when they leave soon after."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from services.rewards.domain.ledger import Movement, Owner
from services.rewards.domain.reason import Reason
from services.rewards.domain.rules import RuleName
from services.rewards.domain.transaction_id import award_id, reversal_id
from services.rewards.handlers.posting import post
from services.rewards.store import referrals as store
from services.rewards.store.referrals import Referral
from services.rewards.store.rules import RuleBooks, load_books
from shared.contracts.chat import MemberJoined, MemberLeft
from shared.contracts.identity import event_id
from shared.engine import DueTimer, Event, Timer, UnitOfWork

REFERRAL_DUE = "referral_due"
SELF, RING = "self", "ring"
WAITS_FOR = ("moderation",)
LOOK_AGAIN = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class CountReferrals:
    """The first coming counts, once for ever; who invites their own inviter, or themselves, is flagged."""

    async def __call__(self, batch: Sequence[Event[MemberJoined | MemberLeft]], work: UnitOfWork) -> None:
        """Fold comings and goings in log order; save, set timers, take back."""
        inviters = await _inviters(batch, work)
        owners = {(event.data.community_id, event.data.member_id) for event in batch}
        owners |= {(owner[0], inviter) for owner, inviter in inviters.items()}
        known = await store.load(work.connection, owners)
        books = await load_books(work.connection, {owner[0] for owner in owners})
        changed: dict[Owner, Referral] = {}
        movements: list[Movement] = []
        for event in batch:
            owner = (event.data.community_id, event.data.member_id)
            before = known.get(owner)
            if isinstance(event.data, MemberJoined):
                inviter = _inviter(event.data, inviters)
                after = before or (_invited(event, inviter, known, books, work) if inviter else None)
            else:
                after = _left(before, event, books, movements)
            if after is not None and after != before:
                known[owner] = changed[owner] = after
        await store.save(work.connection, changed.values())
        await post(work, movements)


def _inviter(data: MemberJoined, codes: Mapping[tuple[str, str], str]) -> str | None:
    return data.invited_by or (codes.get((data.community_id, data.invite_code)) if data.invite_code else None)


async def _inviters(
    batch: Sequence[Event[MemberJoined | MemberLeft]], work: UnitOfWork
) -> dict[tuple[str, str], str]:
    """Whose codes those who join have."""
    codes = {
        (event.data.community_id, event.data.invite_code.strip().upper()): event.data.invite_code
        for event in batch
        if isinstance(event.data, MemberJoined) and event.data.invite_code and not event.data.is_bot
    }
    owners = await store.owners_of_codes(work.connection, list(codes))
    return {(key[0], codes[key]): member for key, member in owners.items()}


def _invited(
    event: Event[MemberJoined | MemberLeft],
    inviter: str,
    known: Mapping[Owner, Referral],
    books: RuleBooks,
    work: UnitOfWork,
) -> Referral | None:
    data = event.data
    if isinstance(data, MemberJoined) and data.is_bot:
        return None
    flag = _flag(data.community_id, data.member_id, inviter, known)
    state = "flagged" if flag else "waiting"
    made = Referral(data.community_id, data.member_id, inviter, event.occurred_at, state, flag)
    if not flag:
        days = books.at(data.community_id, event.occurred_at).referral.stay_days
        due_at = event.occurred_at + timedelta(days=days)
        work.set_timer(Timer(data.community_id, REFERRAL_DUE, due_at, data.member_id, after=WAITS_FOR))
    return made


def _flag(community_id: str, invitee: str, inviter: str, known: Mapping[Owner, Referral]) -> str:
    if invitee == inviter:
        return SELF
    before = known.get((community_id, inviter))
    return RING if before is not None and before.inviter_id == invitee else ""


def _left(
    before: Referral | None,
    event: Event[MemberJoined | MemberLeft],
    books: RuleBooks,
    movements: list[Movement],
) -> Referral | None:
    """Who leaves before the payment, or soon after it, is no referral any more."""
    if before is None or event.occurred_at < before.joined_at:
        return before
    if before.state == "waiting":
        return before._replace(state="left")
    if before.state != "paid" or before.paid_at is None or before.award_id is None:
        return before
    keep = books.at(before.community_id, before.paid_at).referral.keep_days
    if event.occurred_at > before.paid_at + timedelta(days=keep):
        return before
    identifier = reversal_id(event.id, before.award_id)
    moved = _movement(identifier, before, event.id, event.occurred_at, event.now)
    movements.append(moved._replace(reverses=before.award_id, reason=Reason.INVITEE_LEFT))
    return before._replace(state="left", award_id=None)


@dataclass(frozen=True, slots=True)
class PayReferrals:
    """Pays for who has stayed and talked; who has not talked enough has until the rules' last day."""

    async def __call__(self, due: Sequence[DueTimer], work: UnitOfWork) -> None:
        """Load the invitees, what they wrote, and who is gone, each in one query."""
        timers = {(each.community_id, each.timer.key): each for each in due}
        known = await store.load(work.connection, timers.keys())
        waiting = {owner: each for owner, each in known.items() if each.state == "waiting"}
        if not waiting:
            return
        spans = [
            (*owner, _day(each.joined_at, timers[owner]), _day(timers[owner].now, timers[owner]))
            for owner, each in waiting.items()
        ]
        written = await store.written(work.connection, spans)
        gone = await store.gone(work.connection, waiting.keys())
        books = await load_books(work.connection, {owner[0] for owner in waiting})
        changed, movements = [], []
        for owner, each in sorted(waiting.items()):
            timer = timers[owner]
            rule = books.at(owner[0], each.joined_at).referral
            if owner in gone:
                changed.append(each._replace(state="left"))
            elif written[owner] >= rule.messages_min:
                paid, moved = _pay(each, timer.now, rule.points, books.at(owner[0], each.joined_at).version)
                changed.append(paid)
                movements += moved
            elif timer.now - each.joined_at >= timedelta(days=rule.wait_days_max):
                changed.append(each._replace(state="lapsed"))
            else:
                later = timer.timer.due_at + LOOK_AGAIN
                work.set_timer(Timer(owner[0], REFERRAL_DUE, later, owner[1], after=WAITS_FOR))
        await store.save(work.connection, changed)
        await post(work, movements)


def _day(moment: datetime, due: DueTimer) -> date:
    return moment.astimezone(due.profile.zone).date()


def _pay(each: Referral, now: datetime, points: int, version: int) -> tuple[Referral, list[Movement]]:
    # of when they joined, so that it is the same whenever it is looked at
    cause = event_id(each.joined_at, "referral", each.community_id, each.invitee_id)
    identifier = award_id(cause, RuleName.REFERRAL, 0)
    paid = each._replace(state="paid", points=points, paid_at=now, award_id=identifier if points else None)
    moved = _movement(identifier, paid, cause, now, now)._replace(rule_version=version)
    return paid, [moved] if points else []


def _movement(identifier: str, each: Referral, cause: str, at: datetime, now: datetime) -> Movement:
    return Movement(
        identifier, each.community_id, each.inviter_id, each.points, RuleName.REFERRAL, 0, cause, at, now
    )
