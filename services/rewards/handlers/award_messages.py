"""Pays substantive messages and counts them for the month."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from services.rewards import metrics
from services.rewards.domain.calendar import days_near, month_of
from services.rewards.domain.facts import DayKey, FactChanges, MonthKey
from services.rewards.domain.ledger import Movement
from services.rewards.domain.message import UNJUDGED, Message, MessageKey
from services.rewards.domain.rules import DEFAULT_RULES, RuleSet
from services.rewards.domain.slots import refuse_slot
from services.rewards.domain.substance import is_substantive
from services.rewards.handlers.opening import closed_months
from services.rewards.handlers.posting import award_id, post
from services.rewards.store.facts import load_slots
from services.rewards.store.messages import load_messages, save_messages
from shared.contracts.chat import MessagePosted
from shared.contracts.identity import milliseconds
from shared.engine import Event, UnitOfWork


class Post(NamedTuple):
    """A substantive message on its local day."""

    event: Event[MessagePosted]
    key: MessageKey
    day: DayKey
    beside: tuple[DayKey, ...]
    """Days that may hold a paid message inside the cooldown."""


@dataclass(frozen=True, slots=True)
class AwardMessages:
    """Messages of people that say enough are facts of the month, and paid when they win a slot."""

    rules: RuleSet = DEFAULT_RULES

    async def __call__(self, batch: Sequence[Event[MessagePosted]], work: UnitOfWork) -> None:
        """Load what is known of messages and days, decide in log order, save, post."""
        posts, months = self._read(batch)
        closed = await closed_months(work, months)
        if not posts:
            return
        known = await load_messages(work.connection, dict.fromkeys(each.key for each in posts))
        days = dict.fromkeys(key for each in posts for key in (each.day, *each.beside))
        slots = await load_slots(work.connection, days)
        changes = FactChanges(closed)
        messages, movements = self._fold(posts, known, slots, changes)
        await save_messages(work.connection, messages)
        await save_facts(work.connection, changes)
        await post(work, movements)

    def _read(self, batch: Iterable[Event[MessagePosted]]) -> tuple[list[Post], dict[MonthKey, ZoneInfo]]:
        """The posts that count unless something speaks against them, and the months of all messages."""
        zones: dict[str, ZoneInfo] = {}
        months: dict[tuple[str, int, int], tuple[date, ZoneInfo]] = {}
        posts: list[Post] = []
        bots = brief = 0
        for event in batch:
            data = event.data
            name = event.profile.time_zone
            zone = zones.get(name) or zones.setdefault(name, ZoneInfo(name))
            local = event.occurred_at.astimezone(zone)
            community_id, day = data.community_id, local.date()
            if (place := (community_id, day.year, day.month)) not in months:
                months[place] = (month_of(day), zone)
            if data.is_bot:
                bots += 1
            elif not is_substantive(data.text):
                brief += 1
            else:
                posts.append(self._post(event, local, day))
        metrics.MESSAGES_UNPAID.labels("bot").inc(bots)
        metrics.MESSAGES_UNPAID.labels("brief").inc(brief)
        return posts, {(place[0], month): zone for place, (month, zone) in months.items()}

    def _post(self, event: Event[MessagePosted], local: datetime, day: date) -> Post:
        data = event.data
        community_id, member_id = data.community_id, data.member_id
        beside = days_near(local, self.rules.message.cooldown_seconds)
        return Post(
            event,
            (community_id, member_id, data.message_id),
            (community_id, day, member_id),
            tuple((community_id, other, member_id) for other in beside) if beside else (),
        )

    def _fold(
        self,
        posts: Iterable[Post],
        known: dict[MessageKey, Message],
        slots: dict[DayKey, list[int]],
        changes: FactChanges,
    ) -> tuple[list[Message], list[Movement]]:
        messages: list[Message] = []
        movements: list[Movement] = []
        for each in posts:
            before = known.get(each.key)
            if before is not None and before.day is not None:
                continue  # a repeat that comes under another event id, or after the inbox forgot the first
            points = self._win(each, slots, changes)
            message, movement = self._decide(each, before, points)
            known[each.key] = message
            messages.append(message)
            if message.ruling.stands:
                changes.add_message(each.day, each.event.occurred_at, message.partners)
            if movement is not None:
                movements.append(movement)
        return messages, movements

    def _win(self, each: Post, slots: dict[DayKey, list[int]], changes: FactChanges) -> int:
        """The points that a message earns; it takes its slot whether or not it stands."""
        rule = self.rules.message
        at_ms = milliseconds(each.event.occurred_at)
        same_day = slots.get(each.day)
        if same_day is None:
            same_day = slots[each.day] = []
        refused = refuse_slot(at_ms, same_day, (slots.get(day, []) for day in each.beside), rule)
        if refused is not None:
            metrics.MESSAGES_UNPAID.labels(refused).inc()
            return 0
        same_day.append(at_ms)
        changes.of(each.day).slots.append(at_ms)
        return rule.points

    def _decide(self, each: Post, before: Message | None, points: int) -> tuple[Message, Movement | None]:
        event, version = each.event, self.rules.version
        ruling = before.ruling if before else UNJUDGED
        movement = None
        if points and ruling.stands:
            identifier = award_id(event.id, RuleName.MESSAGE, ruling.restored, event.occurred_at)
            movement = Movement(
                identifier,
                *each.key[:2],
                points,
                RuleName.MESSAGE,
                version,
                event.id,
                event.occurred_at,
                event.now,
            )
        message = Message(
            each.key,
            event.occurred_at,
            each.day[1],
            _partners(event.data),
            points,
            version,
            ruling,
            movement.transaction_id if movement else None,
        )
        return message, movement


def _partners(data: MessagePosted) -> tuple[str, ...]:
    """Whom a message talks with: whom it answers and whom it mentions, the author left out."""
    if not data.mentions and data.reply_to_member is None:
        return ()
    partners = {*data.mentions, data.reply_to_member or data.member_id}
    return tuple(sorted(partners - {data.member_id}))
