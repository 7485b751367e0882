"""What members tell of themselves in chat: city, birthday, whether they help to open discussions."""

from collections.abc import Sequence
from datetime import time
from typing import Any

from services.engagement.domain.asking import Ask, asked
from services.engagement.domain.hours import DAY, at_local, hour_of
from services.engagement.domain.told import birthday_of, city_of
from services.engagement.handlers.answering import answer
from services.engagement.store import choices
from services.engagement.store import told as store
from shared.contracts.chat import MemberLeft, MessagePosted
from shared.engine import Event, Timer, UnitOfWork
from shared.i18n import Catalogue

CARE_DAILY = "care_daily"
CARE_AT = time(9, 30)
PURPOSE = "told_answer"
KINDS = ("city", "birthday", "no_care", "opener", "no_opener")


async def hear_told(events: Sequence[Event[Any]], texts: Catalogue, work: UnitOfWork) -> None:
    """One after the other: it is seldom that somebody tells such a thing. Who leaves is asked no more."""
    left: list[tuple[str, str]] = []
    for event in events:
        if isinstance(event.data, MemberLeft):
            left.append((event.community_id, event.data.member_id))
        if not isinstance(event.data, MessagePosted) or event.data.is_bot:
            continue
        ask = asked(event.data.text)
        if ask is not None and ask.kind in KINDS:
            await store.tell_left(work.connection, left)
            left = []
            key, values = await _note(event, ask, work)
            if key:
                answer(event, texts.say(event.profile.locale, key, **values), PURPOSE, work)
    await store.tell_left(work.connection, left)


async def _note(event: Event[MessagePosted], ask: Ask, work: UnitOfWork) -> tuple[str, dict[str, Any]]:
    who = event.community_id, event.data.member_id
    if ask.kind == "city":
        return await _city(event, ask, work)
    if ask.kind == "birthday":
        birthday = birthday_of(ask.rest)
        if birthday is None:
            return "told.birthday_unclear", {}
        day = birthday.month, birthday.day
        await store.tell_birthday(work.connection, *who, *day, birthday.is_lunar)
        today = hour_of(event.now, event.profile.time_zone).day
        due_at = at_local(today + DAY, CARE_AT, event.profile.time_zone)
        work.set_timer(Timer(event.community_id, CARE_DAILY, due_at))
    elif ask.kind == "no_care":
        await store.tell_care(work.connection, *who, False)
    else:
        await store.tell_opener(work.connection, *who, ask.kind == "opener")
    return f"told.{ask.kind}", {}


async def _city(event: Event[MessagePosted], ask: Ask, work: UnitOfWork) -> tuple[str, dict[str, Any]]:
    """Enough in one city suggest to meet: told to whoever makes it enough."""
    city = city_of(ask.rest)
    if city is None:
        return "", {}
    near = await store.tell_city(work.connection, event.community_id, event.data.member_id, city)
    chosen = await choices.load_choices(work.connection, [event.community_id])
    key = "told.near" if near == chosen[event.community_id][0].same_city_min else "told.city"
    return key, {"city": city, "count": near}
