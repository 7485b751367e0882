"""Folds substantive messages, in log order, into what they change."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from services.rewards.domain.facts import DayKey, FactChanges
from services.rewards.domain.ledger import Movement
from services.rewards.domain.message import UNJUDGED, Message, MessageKey
from services.rewards.domain.rules import RuleName, RuleSet
from services.rewards.domain.sketch import KEPT, sketch_of
from services.rewards.domain.slots import NoSlot, refuse_slot
from services.rewards.domain.transaction_id import award_id
from shared.contracts.chat import MessagePosted
from shared.contracts.identity import milliseconds
from shared.engine import Event
from shared.text import like_any


class Post(NamedTuple):
    """A substantive message on its local day."""

    event: Event[MessagePosted]
    key: MessageKey
    day: DayKey
    beside: tuple[DayKey, ...]
    """Days that may hold a paid message inside the cooldown."""
    rules: RuleSet
    others: tuple[DayKey, ...] = ()
    """The same day of the person's other accounts."""


@dataclass(slots=True)
class Desk:
    """What is known when a batch begins, and what it changes."""

    known: dict[MessageKey, Message]
    slots: dict[DayKey, list[int]]
    sketches: dict[DayKey, Sequence[str]]
    changes: FactChanges
    unpaid: Counter[str] = field(default_factory=Counter)
    added: list[Message] = field(default_factory=list)
    """Messages of which nothing was known."""
    changed: list[Message] = field(default_factory=list)
    """Messages that a tombstone waited for."""
    movements: list[Movement] = field(default_factory=list)

    def take(self, each: Post) -> None:
        """One message; a repeat of one that is here already, under whatever event id, changes nothing."""
        before, ruling, stands = self.known.get(each.key), UNJUDGED, True
        if before is not None:
            if before.day is not None:
                return
            ruling, stands = before.ruling, before.ruling.stands
        points, version, paid_by = self._win(each), each.rules.version, None
        event = each.event
        if points and stands:
            paid_by = award_id(event.id, RuleName.MESSAGE, ruling.restored)
            community_id, member_id, _ = each.key
            self.movements.append(
                Movement(
                    paid_by, community_id, member_id, points, RuleName.MESSAGE, version,
                    event.id, event.occurred_at, event.now,
                )
            )  # fmt: skip
        partners = partners_of(event.data)
        message = Message(
            each.key, event.occurred_at, each.day[1], partners, points, version, ruling, paid_by
        )
        self.known[each.key] = message
        (self.added if before is None else self.changed).append(message)
        if stands:
            self.changes.add_message(each.day, event.occurred_at, partners)

    def _win(self, each: Post) -> int:
        """The points that a message earns; it takes its slot whether or not it stands."""
        rule = each.rules.message
        at_ms = milliseconds(each.event.occurred_at)
        same_day = self.slots.get(each.day)
        if same_day is None:
            same_day = self.slots[each.day] = []
        beside = [self.slots.get(day, []) for day in each.beside] if each.beside else ()
        taken, lately = same_day, self.sketches.get(each.day, ())
        for day in each.others:
            taken = [*taken, *self.slots.get(day, [])]
            lately = [*lately, *self.sketches.get(day, ())]
        refused = refuse_slot(at_ms, taken, beside, rule)
        if refused is None:
            sketch = sketch_of(each.event.data.text)
            if lately and like_any(sketch, lately, rule.similarity_max):
                refused = NoSlot.SIMILAR
                self.changes.of(each.day).alike += 1
        if refused is not None:
            self.unpaid[refused] += 1
            return 0
        same_day.append(at_ms)
        lately = self.sketches[each.day] = [*self.sketches.get(each.day, ())[1 - KEPT :], sketch]
        change = self.changes.of(each.day)
        change.slots.append(at_ms)
        change.sketches = lately
        return rule.points


def partners_of(data: MessagePosted) -> tuple[str, ...]:
    """Whom a message talks with: whom it answers and whom it mentions, the author left out."""
    if not data.mentions and data.reply_to_member is None:
        return ()
    partners = {*data.mentions, data.reply_to_member or data.member_id}
    return tuple(sorted(partners - {data.member_id}))
