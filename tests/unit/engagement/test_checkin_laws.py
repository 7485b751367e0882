"""Laws of the book of check-ins: the order of what happens does not matter to what stands in the end."""

import random
from collections import defaultdict
from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from services.engagement.domain.book import Book, Change, Recorded, Revoked
from services.engagement.domain.day import local_day
from services.engagement.domain.message import DayKey, Message, MessageKey
from services.engagement.domain.streak import Streaks
from tests.unit.engagement.histories import (
    ZONES,
    Act,
    Decide,
    Delete,
    Outcome,
    Post,
    expected,
    histories,
    law,
)


def empty_book() -> Book:
    return Book({}, {}, {}, defaultdict(Streaks))


def apply(book: Book, act: Act) -> list[Change]:
    key = MessageKey(act.community, act.message)
    match act:
        case Post():
            day = local_day(act.at, ZONES[act.community])
            return book.post(Message(*key, act.member, "hall", act.at, day.date, day.ends_at))
        case Delete():
            return book.delete(key, act.at, act.at)
        case Decide():
            return book.decide(key, act.number, act.is_removed, act.at)


def outcome(book: Book) -> Outcome:
    owners = {tuple(key): day.message_id for key, day in book.days.items() if day.message_id is not None}
    runs = {(*member, *run) for member, streaks in book.streaks.items() for run in streaks.runs}
    return Outcome(owners, runs)  # type: ignore[arg-type]


@law(100)
@given(histories(), st.randoms(use_true_random=False))
def test_every_order_of_the_same_acts_ends_in_the_same_check_ins(acts: list[Act], lot: random.Random) -> None:
    wanted = expected(acts)
    facts = []
    for _ in range(3):
        book = empty_book()
        for act in acts:
            apply(book, act)
        assert outcome(book) == wanted
        facts.append((book.messages, book.verdicts))
        lot.shuffle(acts)
    assert all(each == facts[0] for each in facts)


@law(50)
@given(histories())
def test_what_is_announced_adds_up_to_what_stands(acts: list[Act]) -> None:
    book = empty_book()
    changes = [change for act in acts for change in apply(book, act)]
    assert announced(changes) == {key for key, day in book.days.items() if day.message_id is not None}


def announced(changes: Iterable[Change]) -> set[DayKey]:
    """What a listener to recorded and revoked believes; revisions must count up without a gap."""
    stands: dict[DayKey, int] = {}
    last: dict[DayKey, int] = defaultdict(int)
    for change in changes:
        if isinstance(change, Recorded):
            key = change.message.day
            assert key not in stands
            assert change.revision == last[key] + 1
            stands[key] = last[key] = change.revision
        elif isinstance(change, Revoked):
            assert stands.pop(change.day) == change.revision
    return set(stands)


@law(50)
@given(histories())
def test_saying_everything_twice_changes_nothing(acts: list[Act]) -> None:
    once, twice = empty_book(), empty_book()
    for act in acts:
        apply(once, act)
        apply(twice, act)
        assert apply(twice, act) == []
    assert outcome(once) == outcome(twice)
    assert once.days == twice.days
