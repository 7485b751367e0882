"""Looks for farmed points, week by week and before a month closes; what it finds waits for a person."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from services.rewards import metrics
from services.rewards.domain.accounts import AccountKind, TransactionKind
from services.rewards.domain.calendar import closes_at, first_instant, month_after
from services.rewards.domain.farming import REPEATS_MIN, Found, cadence, repetition, ring
from services.rewards.domain.ledger import Movement
from services.rewards.domain.rules import RuleSet
from services.rewards.domain.transaction_id import derived_id
from services.rewards.handlers.opening import FARMING_LOOK, WAITS_FOR
from services.rewards.handlers.posting import post
from services.rewards.store import acts, reviews
from services.rewards.store.acts import Act
from services.rewards.store.ledger import lock_accounts
from services.rewards.store.links import main_accounts
from services.rewards.store.reviews import Messages, Review
from services.rewards.store.rules import load_books
from shared.contracts.identity import event_id
from shared.engine import DueTimer, Timer, UnitOfWork, load_community
from shared.engine.speaking import Speaker
from shared.i18n import Catalogue

EVERY = timedelta(days=7)
BEFORE_CLOSE = timedelta(hours=4)
ALERT = "rewards_review"
Suspects = dict[str, tuple[list[Found], int]]
"""By member the signals, and the points that they are about."""


class CannotDecide(Exception):
    """It is refused; `why` names the reason."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True)
class LookForFarming:
    """Points that look farmed are set aside, and their member is no candidate until somebody has decided."""

    texts: Catalogue

    async def __call__(self, due: Sequence[DueTimer], work: UnitOfWork) -> None:
        """One month of a community after another; two queries each."""
        books = await load_books(work.connection, {each.community_id for each in due})
        for each in sorted(due, key=lambda each: (each.community_id, each.timer.key)):
            rules = books.at(each.community_id, each.now)
            await self._look(each, date.fromisoformat(f"{each.timer.key}-01"), rules, work)

    async def _look(self, due: DueTimer, month: date, rules: RuleSet, work: UnitOfWork) -> None:
        connection, community_id, last = work.connection, due.community_id, month_after(month)
        messages = await reviews.load_messages(connection, community_id, month, last, REPEATS_MIN)
        given = await reviews.load_given(connection, community_id, month, last)
        since = first_instant(month, due.profile.zone)
        before = await reviews.looked_at(connection, community_id, since)
        suspects = await _mains(community_id, _suspects(messages, given, rules), work)
        for member_id, (signals, points) in sorted(suspects.items()):
            if member_id not in before:
                await self._open(due, member_id, signals, points, work)
        await reviews.note_look(connection, community_id, month, due.now)
        end = closes_at(month, due.profile.zone) - BEFORE_CLOSE
        if due.timer.due_at < end:
            later = min(end, due.timer.due_at + EVERY)
            work.set_timer(Timer(community_id, FARMING_LOOK, later, due.timer.key, after=WAITS_FOR))

    async def _open(
        self, due: DueTimer, member_id: str, signals: Sequence[Found], points: int, work: UnitOfWork
    ) -> None:
        identifier = event_id(due.timer.due_at, "review", due.community_id, member_id)
        accounts = await lock_accounts(
            work.connection, {(due.community_id, ""), (due.community_id, member_id)}
        )
        wallet = sum(each.balance for each in accounts if each.kind == AccountKind.WALLET)
        held = min(points, wallet)
        told = {found.signal.value: found.evidence for found in signals}
        review = Review(identifier, due.community_id, member_id, "held", told, held, due.now)
        await reviews.add(work.connection, review)
        await _move(work, review, held, TransactionKind.HOLD, due.now, "")
        speaker = Speaker(self.texts, due.profile, due.now, work)
        why = [self.texts.say(due.profile.locale, f"signal.{found.signal}") for found in signals]
        text = speaker.say("review.alert", member=member_id, why="; ".join(why), points=held)
        speaker.to_operators(text, ALERT, identifier)
        metrics.REVIEWS.labels("held").inc()


def _suspects(
    messages: Sequence[Messages], given: Mapping[str, Mapping[str, int]], rules: RuleSet
) -> Suspects:
    suspects: Suspects = {}
    for each in messages:
        found = [sign for sign in (repetition(each.alike, each.paid), cadence(each.days)) if sign]
        if found:
            suspects[each.member_id] = (found, each.paid * rules.message.points)
    for member_id, received in given.items():
        back = {giver: given.get(giver, {}).get(member_id, 0) for giver in received}
        if (circle := ring(received, back)) is not None:
            signs, points = suspects.get(member_id, ([], 0))
            suspects[member_id] = ([*signs, circle], points + sum(received.values()))
    return suspects


async def _mains(community_id: str, suspects: Suspects, work: UnitOfWork) -> Suspects:
    """Points of a linked account are with the main one."""
    mains = await main_accounts(work.connection, {(community_id, member) for member in suspects})
    found: Suspects = {}
    for (_, member_id), (_, main) in sorted(mains.items()):
        (signs, points), (more, added) = found.get(main, ([], 0)), suspects[member_id]
        found[main] = ([*signs, *more], points + added)
    return found


async def decide_review(
    work: UnitOfWork, community_id: str, identifier: UUID, outcome: str, by: str, reason: str
) -> Review:
    """`released`: the points come back; `voided`: they do not count. Raises `CannotDecide`."""
    review = await reviews.lock(work.connection, identifier, community_id)
    if review is None:
        raise CannotDecide("review-unknown")
    if review.state != "held":
        raise CannotDecide("review-decided")
    now = (await load_community(work.connection, community_id)).now(work.now)
    accounts = await lock_accounts(work.connection, {(community_id, ""), (community_id, review.member_id)})
    # less where what earned them was taken back meanwhile
    held = sum(each.balance for each in accounts if each.kind == AccountKind.HELD)
    does = TransactionKind.RELEASE if outcome == "released" else TransactionKind.VOID
    await _move(work, review, min(held, review.points), does, now, reason)
    await reviews.decide(work.connection, review.review_id, outcome, now, by, reason)
    detail = {"outcome": outcome, "points": review.points}
    act = Act(community_id, work.now, by, "review", review.member_id, reason, detail)
    await acts.note(work.connection, act)
    metrics.REVIEWS.labels(outcome).inc()
    return review._replace(state=outcome)


async def _move(
    work: UnitOfWork, review: Review, points: int, does: TransactionKind, now: datetime, reason: str
) -> None:
    if not points:
        return
    identifier = derived_id(review.review_id, does)
    await post(
        work,
        [
            Movement(
                identifier, review.community_id, review.member_id, points, "review", 0, review.review_id, now,
                now, reason=reason, does=does,
            )
        ],
    )  # fmt: skip
