"""Answers what members ask in the chat, now and then, and hears what winners choose."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from services.rewards import metrics
from services.rewards.domain.asking import CHARACTERS_MAX, Asked, Period, Wish, asked
from services.rewards.domain.calendar import month_after, month_of
from services.rewards.domain.invite_code import invite_code
from services.rewards.domain.ledger import Owner
from services.rewards.domain.score import DEFAULT_SCORE, standings
from services.rewards.handlers.chat_choices import hear_choices
from services.rewards.handlers.chat_redemption import redeem_in_chat
from services.rewards.store import answers, gifts, links
from services.rewards.store.answers import Held
from services.rewards.store.month_facts import load_month_facts
from shared.contracts.chat import MessagePosted
from shared.engine import Event, UnitOfWork
from shared.engine.speaking import Speaker
from shared.i18n import Catalogue

ANSWERED_EVERY = timedelta(seconds=10)
SHOWN_MAX = 10
PURPOSE = "rewards_answer"


class Question(NamedTuple):
    """A message that asks for something."""

    event: Event[MessagePosted]
    asked: Asked

    @property
    def owner(self) -> Owner:
        """Who asks."""
        return self.event.data.community_id, self.event.data.member_id

    @property
    def today(self) -> date:
        """The local day of the question."""
        return self.event.occurred_at.astimezone(self.event.profile.zone).date()


@dataclass(frozen=True, slots=True)
class AnswerMembers:
    """One answer in ten seconds to each member; nothing is said to what is stale."""

    texts: Catalogue

    async def __call__(self, batch: Sequence[Event[MessagePosted]], work: UnitOfWork) -> None:
        """Find the questions, load what they are about, answer."""
        await hear_choices(batch, self.texts, work)
        questions = [
            Question(event, found)
            for event in batch
            if len(event.data.text) <= CHARACTERS_MAX
            and (found := asked(event.data.text)) is not None
            and not event.data.is_bot
        ]
        if not questions:
            return
        fresh = await self._fresh(questions, work)
        if not fresh:
            return
        mains = await links.main_accounts(work.connection, {each.owner for each in fresh})
        held = await answers.balances(work.connection, set(mains.values()))
        codes = [
            (each.owner[0], invite_code(*each.owner), each.owner[1])
            for each in fresh
            if each.asked.wish is Wish.INVITE
        ]
        await answers.add_codes(work.connection, dict.fromkeys(codes))
        said: dict[tuple[str, str], str] = {}
        for each in fresh:
            main = mains[each.owner]
            await self._answer(each, main[1], held.get(main, Held()), said, work)

    async def _fresh(self, questions: Sequence[Question], work: UnitOfWork) -> list[Question]:
        """Those whose askers were not answered a moment ago."""
        last = await answers.load_answered(work.connection, dict.fromkeys(each.owner for each in questions))
        fresh = []
        for each in questions:
            before = last.get(each.owner)
            if before is None or each.event.occurred_at - before >= ANSWERED_EVERY:
                last[each.owner] = each.event.occurred_at
                fresh.append(each)
        await answers.save_answered(work.connection, {each.owner: last[each.owner] for each in fresh})
        return fresh

    async def _answer(
        self, each: Question, main: str, held: Held, said: dict[tuple[str, str], str], work: UnitOfWork
    ) -> None:
        event = each.event
        speaker = Speaker(self.texts, event.profile, event.now, work)
        if each.asked.wish is Wish.REDEEM and each.asked.about:
            text = await redeem_in_chat(event, main, each.asked.about, speaker)
        elif event.is_stale:
            return
        elif each.asked.wish in (Wish.GIFTS, Wish.REDEEM):
            text = await _once(said, each, "gifts", lambda: _gifts(each, speaker))
        elif each.asked.wish is Wish.RANKING:
            text = await _once(said, each, each.asked.period, lambda: _ranking(each, speaker))
        elif each.asked.wish is Wish.INVITE:
            text = speaker.say("chat.invite", code=invite_code(*each.owner))
        else:
            text = _points(held, speaker)
        if not event.is_stale:
            data = event.data
            speaker.to_member(data.member_id, text, PURPOSE, event.id, data.channel_id, data.message_id)
            metrics.ANSWERS.labels(each.asked.wish).inc()


async def _once(
    said: dict[tuple[str, str], str], each: Question, what: str, make: Callable[[], Awaitable[str]]
) -> str:
    """What is the same for all askers of a community is looked up once a batch."""
    key = (each.owner[0], what)
    if key not in said:
        said[key] = await make()
    return said[key]


def _points(held: Held, speaker: Speaker) -> str:
    parts = [speaker.say("chat.points", points=held.balance)]
    for name in ("debt", "pending", "held"):
        if points := getattr(held, name):
            parts.append(speaker.say(f"chat.{name}", points=points))
    return "\n".join(parts)


async def _gifts(each: Question, speaker: Speaker) -> str:
    found = await gifts.for_points(speaker.work.connection, each.owner[0], SHOWN_MAX)
    if not found:
        return speaker.say("chat.no-gifts")
    lines = [
        speaker.say("chat.gift", number=number, name=gift.name, points=gift.cost, left=gift.available)
        for number, gift in enumerate(found, 1)
    ]
    return "\n".join([speaker.say("chat.gifts"), *lines, speaker.say("chat.how-to-redeem")])


async def _ranking(each: Question, speaker: Speaker) -> str:
    community_id, today, period = each.owner[0], each.today, each.asked.period
    connection = speaker.work.connection
    if period is Period.ALL:
        rows = await answers.ranking_of_all(connection, community_id, SHOWN_MAX)
    elif period is Period.MONTH:
        key = (community_id, month_of(today))
        facts = (await load_month_facts(connection, [key], DEFAULT_SCORE))[key]
        rows = [(place.member_id, place.score) for place in standings(facts)[:SHOWN_MAX]]
    else:
        first = today if period is Period.DAY else today - timedelta(days=today.weekday())
        rows = await answers.ranking(connection, community_id, first, today, SHOWN_MAX)
    lines = [speaker.say(f"chat.ranking-{period}")]
    lines += [
        speaker.say("chat.place", rank=rank, member=member, score=score)
        for rank, (member, score) in enumerate(rows, 1)
    ]
    if (resets := _resets_on(period, today)) is not None:
        lines.append(speaker.say("chat.resets", day=f"{resets}"))
    return "\n".join(lines)


def _resets_on(period: Period, today: date) -> date | None:
    """The local day on which a ranking begins anew."""
    match period:
        case Period.DAY:
            return today + timedelta(days=1)
        case Period.WEEK:
            return today + timedelta(days=7 - today.weekday())
        case Period.MONTH:
            return month_after(month_of(today))
    return None
