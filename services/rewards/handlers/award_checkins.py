"""Pays check-ins, counts them for the month, and takes both back when they are revoked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from services.rewards.domain.calendar import month_of
from services.rewards.domain.checkin import Checkin, CheckinKey
from services.rewards.domain.facts import FactChanges
from services.rewards.domain.ledger import Movement, Owner
from services.rewards.domain.link import Link, others
from services.rewards.domain.reason import Reason
from services.rewards.domain.rules import RuleName
from services.rewards.domain.transaction_id import award_id, reversal_id
from services.rewards.handlers.counting import count
from services.rewards.handlers.opening import closed_months
from services.rewards.handlers.posting import post
from services.rewards.store.checkins import load_checkins, save_checkins
from services.rewards.store.links import of_persons
from services.rewards.store.rules import RuleBooks, load_books
from shared.contracts.engagement import CheckinRecorded, CheckinRevoked
from shared.engine import Event, Poison, UnitOfWork

YEAR_MIN, YEAR_MAX = 1990, 2100
"""The calendar ends somewhere; a month must have one after it, in every zone."""

Word = CheckinRecorded | CheckinRevoked


@dataclass(frozen=True, slots=True)
class AwardCheckins:
    """Each standing check-in is paid once, by the revision that counts."""

    async def __call__(self, batch: Sequence[Event[Word]], work: UnitOfWork) -> None:
        """Load the check-ins, fold what is told of them, save, post. Raises `Poison` for an absurd date."""
        for event in batch:
            _refuse_absurd(event.data.local_date)
        months = {
            (event.data.community_id, month_of(event.data.local_date)): event.profile.zone for event in batch
        }
        changes = FactChanges(await closed_months(work, months))
        books = await load_books(work.connection, {event.data.community_id for event in batch})
        persons = await of_persons(
            work.connection, {(event.data.community_id, event.data.member_id) for event in batch}
        )
        beside = {event.id: _beside(event, persons) for event in batch} if persons else {}
        keys = dict.fromkeys(key for event in batch for key in (_key(event.data), *beside.get(event.id, ())))
        checkins = await load_checkins(work.connection, keys)
        movements: list[Movement] = []
        for event in batch:
            key = _key(event.data)
            before = checkins.get(key) or Checkin(key)
            told = _told(before, event, books)
            # a person is paid once for a day of a campaign, whichever account says so first
            if told is not before and any(_is_paid(checkins, other) for other in beside.get(event.id, ())):
                told = replace(told, points=0)
            after, moved = _pay(before, told, event)
            _count(before, after, changes)
            checkins[key] = after
            movements += moved
        await save_checkins(
            work.connection, [checkins[key] for key in dict.fromkeys(_key(event.data) for event in batch)]
        )
        await count(work, changes)
        await post(work, movements)


def _beside(event: Event[Word], persons: Mapping[Owner, Sequence[Link]]) -> list[CheckinKey]:
    """The same check-in of the person's other accounts."""
    community_id, local_date, member_id, campaign_id = _key(event.data)
    owner = (community_id, member_id)
    accounts = others(owner, persons.get(owner, ()), event.occurred_at)
    return [(community_id, local_date, account, campaign_id) for account in accounts]


def _is_paid(checkins: Mapping[CheckinKey, Checkin], key: CheckinKey) -> bool:
    found = checkins.get(key)
    return found is not None and found.award_id is not None


def _told(before: Checkin, event: Event[Word], books: RuleBooks) -> Checkin:
    data = event.data
    if isinstance(data, CheckinRevoked):
        return before.revoke(data.revision)
    rules = books.at(data.community_id, event.occurred_at)
    points = rules.checkin.points_for(data.streak_days)
    return before.record(data.revision, event.occurred_at, points, rules.version)


def _refuse_absurd(local_date: date) -> None:
    if not YEAR_MIN <= local_date.year <= YEAR_MAX:
        raise Poison(f"a check-in of the year {local_date.year}")


def _key(data: Word) -> CheckinKey:
    return (data.community_id, data.local_date, data.member_id, data.campaign_id)


def _pay(before: Checkin, after: Checkin, event: Event[Word]) -> tuple[Checkin, list[Movement]]:
    """Bring the payment to what is known now: by the revision that counts, or not at all."""
    if after.stands == before.stands and after.recorded == before.recorded:
        return after, []
    moved = []
    if before.award_id is not None:
        identifier = reversal_id(event.id, before.award_id)
        taken = _movement(identifier, before, event)
        moved.append(taken._replace(reverses=before.award_id, reason=Reason.CHECKIN_REVOKED))
    if not after.stands or not after.points:
        return replace(after, award_id=None), moved
    identifier = award_id(event.id, RuleName.CHECKIN, after.recorded)
    return replace(after, award_id=identifier), [*moved, _movement(identifier, after, event)]


def _movement(identifier: str, checkin: Checkin, event: Event[Word]) -> Movement:
    return Movement(
        identifier,
        checkin.key[0],
        checkin.key[2],
        checkin.points,
        RuleName.CHECKIN,
        checkin.rule_version,
        event.id,
        event.occurred_at,
        event.now,
    )


def _count(before: Checkin, after: Checkin, changes: FactChanges) -> None:
    community_id, local_date, member_id, _ = after.key
    key = (community_id, local_date, member_id)
    if after.stands and after.recorded_at and (not before.stands or before.recorded_at != after.recorded_at):
        changes.add_checkin(key, after.recorded_at)
    if before.stands and (not after.stands or before.recorded_at != after.recorded_at):
        changes.take_checkin(key)
