"""Pays substantive messages and counts them for the month."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from services.rewards import metrics
from services.rewards.domain.calendar import days_near, month_of
from services.rewards.domain.facts import DayKey, FactChanges, MonthKey
from services.rewards.domain.link import Link, others
from services.rewards.domain.message import Message, MessageKey
from services.rewards.domain.rules import RuleSet
from services.rewards.domain.substance import is_substantive
from services.rewards.handlers.counting import count
from services.rewards.handlers.message_desk import Desk, Post
from services.rewards.handlers.opening import closed_months
from services.rewards.handlers.posting import post
from services.rewards.store.facts import DaySlots, load_slots
from services.rewards.store.links import of_persons as load_persons
from services.rewards.store.messages import add_messages, load_messages, save_messages
from services.rewards.store.rules import RuleBooks, load_books
from shared.contracts.chat import MessagePosted
from shared.engine import Event, UnitOfWork


@dataclass(frozen=True, slots=True)
class AwardMessages:
    """Messages of people that say enough are facts of the month, and paid when they win a slot."""

    async def __call__(self, batch: Sequence[Event[MessagePosted]], work: UnitOfWork) -> None:
        """Load what is known of days and, where needed, of messages; decide in log order, save, post."""
        unpaid: Counter[str] = Counter()
        books = await load_books(work.connection, {event.data.community_id for event in batch})
        posts, months = self._read(batch, books, unpaid)
        posts = await _with_others(posts, work)
        closed = await closed_months(work, months)
        if posts:
            await self._pay(posts, closed, unpaid, work)
        for why, messages in unpaid.items():
            metrics.MESSAGES_UNPAID.labels(why).inc(messages)

    async def _pay(
        self, posts: Sequence[Post], closed: frozenset[MonthKey], unpaid: Counter[str], work: UnitOfWork
    ) -> None:
        days = dict.fromkeys(key for each in posts for key in (each.day, *each.others, *each.beside))
        slots = await load_slots(work.connection, days)
        desk = self._fold(posts, {}, slots, closed)
        # as a rule nothing is known of any message; to try that first is cheaper than to look for each
        if not await add_messages(work.connection, desk.added):
            known = await load_messages(work.connection, dict.fromkeys(each.key for each in posts))
            desk = self._fold(posts, known, slots, closed)
            await save_messages(work.connection, (*desk.added, *desk.changed))
        unpaid.update(desk.unpaid)
        await count(work, desk.changes)
        await post(work, desk.movements)

    def _fold(
        self,
        posts: Iterable[Post],
        known: Mapping[MessageKey, Message],
        slots: Mapping[DayKey, DaySlots],
        closed: frozenset[MonthKey],
    ) -> Desk:
        """The posts in log order, on top of what is known."""
        held = {day: list(kept.moments) for day, kept in slots.items()}
        sketches: dict[DayKey, Sequence[str]] = {day: kept.sketches for day, kept in slots.items()}
        desk = Desk(dict(known), held, sketches, FactChanges(closed))
        for each in posts:
            desk.take(each)
        return desk

    def _read(
        self, batch: Iterable[Event[MessagePosted]], books: RuleBooks, unpaid: Counter[str]
    ) -> tuple[list[Post], dict[MonthKey, ZoneInfo]]:
        """The posts that count unless something speaks against them, and the months of all messages."""
        zones: dict[str, ZoneInfo] = {}
        months: dict[tuple[str, int, int], tuple[date, ZoneInfo]] = {}
        posts: list[Post] = []
        for event in batch:
            data, name = event.data, event.profile.time_zone
            zone = zones.get(name) or zones.setdefault(name, ZoneInfo(name))
            local = event.occurred_at.astimezone(zone)
            day = local.date()
            if (place := (data.community_id, day.year, day.month)) not in months:
                months[place] = (month_of(day), zone)
            if data.is_bot:
                unpaid["bot"] += 1
            elif is_substantive(data.text):
                rules = books.at(data.community_id, event.occurred_at)
                posts.append(self._post(event, local, day, rules))
            else:
                unpaid["brief"] += 1
        return posts, {(place[0], month): zone for place, (month, zone) in months.items()}

    def _post(self, event: Event[MessagePosted], local: datetime, day: date, rules: RuleSet) -> Post:
        data = event.data
        community_id, member_id = data.community_id, data.member_id
        beside = days_near(local, rules.message.cooldown_seconds)
        return Post(
            event,
            (community_id, member_id, data.message_id),
            (community_id, day, member_id),
            tuple((community_id, other, member_id) for other in beside) if beside else (),
            rules,
        )


async def _with_others(posts: list[Post], work: UnitOfWork) -> list[Post]:
    """What the person's other accounts were paid counts for those messages that came after the link."""
    if not (known := await load_persons(work.connection, {each.key[:2] for each in posts})):
        return posts
    return [_beside(each, known.get(each.key[:2], ())) for each in posts]


def _beside(each: Post, links: Sequence[Link]) -> Post:
    accounts = others(each.key[:2], links, each.event.occurred_at)
    days = (each.day[1], *(day for _, day, _ in each.beside))
    keys = [[(each.key[0], day, account) for account in accounts] for day in days]
    return each._replace(
        others=tuple(keys[0]), beside=(*each.beside, *(key for row in keys[1:] for key in row))
    )
