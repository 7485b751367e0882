"""Closes calendar months: the three most active, frozen with their evidence, published and rewarded."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from services.rewards import metrics
from services.rewards.domain.calendar import closes_at, first_instant, month_after
from services.rewards.domain.facts import MonthKey
from services.rewards.domain.honours import Honour, honours_of
from services.rewards.domain.people import excluded_people
from services.rewards.domain.score import (
    DEFAULT_SCORE,
    WINNERS,
    MemberFacts,
    ScoreRule,
    Standing,
    evidence_hash,
    standings,
)
from services.rewards.handlers.choosing import Choosing
from services.rewards.handlers.expire_points import expire_points
from services.rewards.handlers.opening import MONTH_CLOSE
from services.rewards.store import months as store
from services.rewards.store import people, prizes
from services.rewards.store.month_facts import load_month_facts, load_people
from services.rewards.store.months import Result
from services.rewards.store.people import Span
from services.rewards.store.prizes import Prize
from services.rewards.store.rules import RuleBooks, load_books
from shared.contracts.identity import event_id
from shared.contracts.rewards import MonthClosed
from shared.contracts.rewards import Standing as ToldStanding
from shared.engine import DueTimer, Timer, UnitOfWork
from shared.engine.speaking import Speaker
from shared.i18n import Catalogue

LOOK_AGAIN = timedelta(hours=1)
PUBLISHED = "rewards_month"


@dataclass(frozen=True, slots=True)
class CloseMonths:
    """A month closes once; whoever comes later, or at the same time, finds it closed.

    It waits for records of the month that were set aside, an hour at a time and not for ever.
    """

    texts: Catalogue
    rule: ScoreRule = DEFAULT_SCORE

    async def __call__(self, due: Sequence[DueTimer], work: UnitOfWork) -> None:
        """Load the facts of all due months in one query; freeze, publish, let winners choose."""
        timers = {_month(each): each for each in due}
        locked = await self._over(await store.lock_open(work.connection, timers.keys()), timers, work)
        if not locked:
            return
        books = await load_books(work.connection, {key[0] for key in locked})
        aside = await store.dead_letters(work.connection, [_span(key, timers[key]) for key in locked])
        ready = [key for key in locked if not await self._waits(key, timers[key], aside, books, work)]
        if not ready:
            return
        people_of = await load_people(work.connection, ready)
        facts = await load_month_facts(work.connection, ready, self.rule)
        excluded = await people.load_excluded(work.connection, [_span(key, timers[key]) for key in ready])
        results = [
            self._freeze(
                key, facts[key], excluded_people(excluded[key], people_of.get(key, ())), aside.get(key, 0),
                timers[key],
            )._replace(people=people_of.get(key, ()))
            for key in ready
        ]  # fmt: skip
        await store.save_results(work.connection, results)
        work.publish_all((_fact(result), result.closed_at) for result in results)
        for result in results:
            await self._publish(result, timers[result.community_id, result.month], books, work)
        metrics.MONTHS_CLOSED.inc(len(results))

    async def _over(
        self, locked: Sequence[MonthKey], timers: Mapping[MonthKey, DueTimer], work: UnitOfWork
    ) -> list[MonthKey]:
        """Those of the months that are over, with their grace, where the community is now."""
        over = []
        for key in locked:
            due = timers[key]
            if due.now < (ends := closes_at(key[1], due.profile.zone)):
                await store.close_later(work.connection, key, ends)
                work.set_timer(Timer(key[0], MONTH_CLOSE, ends, due.timer.key, after=due.timer.after))
            else:
                over.append(key)
        return over

    async def _waits(
        self, key: MonthKey, due: DueTimer, aside: Mapping[MonthKey, int], books: RuleBooks, work: UnitOfWork
    ) -> bool:
        """Whether the close is put off, as somebody may still send again what was set aside."""
        if not aside.get(key):
            return False
        hours = books.at(key[0], due.now).award.dead_letter_hours_max
        until = await store.wait_until(work.connection, key, due.now + timedelta(hours=hours))
        if due.now >= until:
            return False
        later = min(until, due.now + LOOK_AGAIN)
        work.set_timer(Timer(key[0], MONTH_CLOSE, later, due.timer.key, after=due.timer.after))
        metrics.CLOSES_DELAYED.inc()
        return True

    def _freeze(
        self, key: MonthKey, facts: Sequence[MemberFacts], out: Mapping[str, str], aside: int, due: DueTimer
    ) -> Result:
        """The result, as a function of the month's facts and of who is no candidate."""
        present = {each.member_id for each in facts}
        excluded = {member: why for member, why in sorted(out.items()) if member in present}
        placed = standings([each for each in facts if each.member_id not in excluded], self.rule)
        honours = honours_of(placed)
        return Result(
            *key,
            closed_at=due.now,
            candidates=len(facts) - len(excluded),
            score_version=self.rule.version,
            evidence_hash=evidence_hash(*key, facts, self.rule, excluded),
            top=placed[:WINNERS],
            excluded=excluded,
            dead_letters=aside,
            text=self._text(key, placed[:WINNERS], honours, due.profile.locale),
            honours={each.part: [each.member_id, each.score] for each in honours},
        )

    def _text(self, key: MonthKey, top: Sequence[Standing], honours: Sequence[Honour], locale: str) -> str:
        """The honour list, ready for the chat."""
        month = f"{key[1]:%Y-%m}"
        if not top:
            return self.texts.say(locale, "award.nobody", month=month)
        lines = [self.texts.say(locale, "award.title", month=month)]
        for each in top:
            values = {"rank": each.rank, "member": each.member_id, "score": each.score}
            lines.append(self.texts.say(locale, "award.line", **values))
        for honour in honours:
            values = {"member": honour.member_id, "score": honour.score}
            lines.append(self.texts.say(locale, f"honour.{honour.part}", **values))
        return "\n".join(lines)

    async def _publish(self, result: Result, due: DueTimer, books: RuleBooks, work: UnitOfWork) -> None:
        """Say it in the chat where there is a channel for it; set gifts aside and let the first choose."""
        key = (result.community_id, result.month)
        rules = books.at(result.community_id, due.now)
        cause = event_id(due.now, "month", result.community_id, due.timer.key)
        if rules.award.channel_id:
            speaker = Speaker(self.texts, due.profile, due.now, work)
            speaker.to_channel(rules.award.channel_id, result.text, PUBLISHED, cause)
        places = [Prize(*key, each.member_id, each.rank) for each in result.top]
        await prizes.add_prizes(work.connection, places)
        await store.add_badges(work.connection, result.community_id, places, due.now, cause)
        if places:
            await Choosing(key, due.profile, due.now, self.texts, work).open()
        if rules.expire_after_days:
            await expire_points(work, result.community_id, due.now, rules)


def _month(each: DueTimer) -> MonthKey:
    return each.community_id, date.fromisoformat(f"{each.timer.key}-01")


def _span(key: MonthKey, due: DueTimer) -> Span:
    zone = due.profile.zone
    begins: datetime = first_instant(key[1], zone)
    return Span(*key, begins, first_instant(month_after(key[1]), zone))


def _fact(result: Result) -> MonthClosed:
    top = tuple(
        ToldStanding(rank=each.rank, member_id=each.member_id, score=each.score, parts=each.parts)
        for each in result.top
    )
    return MonthClosed(
        community_id=result.community_id,
        month=result.month,
        top=top,
        candidates=result.candidates,
        evidence_hash=result.evidence_hash,
    )
