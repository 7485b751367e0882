"""Watches how many people join at once: welcomes pause in a burst, operators hear of a wave."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.moderation import metrics
from services.moderation.domain.joins import Joins, Wave
from services.moderation.domain.policy import Mode, Rule
from services.moderation.domain.rulebook import RuleBook
from services.moderation.domain.rules.join_wave import MINUTES_MAX, WAVE, JoinWave
from services.moderation.handlers.forget_members import forgetting
from services.moderation.handlers.open_cases import REVIEW_WEIGHT
from services.moderation.handlers.rulebooks import RuleBooks
from services.moderation.store import waves as store
from services.moderation.store.cases import Case, save_cases
from services.moderation.store.moments import microseconds_of, moment_of
from shared.contracts.chat import MemberJoined
from shared.contracts.commands import SendMessage
from shared.contracts.identity import event_id
from shared.contracts.moderation import CaseOpened, JoinWaveNoticed
from shared.engine import Event, UnitOfWork
from shared.i18n import Catalogue

JOIN_WAVE = "join_wave"
SPAN = timedelta(minutes=MINUTES_MAX)
ALERT_VALID = timedelta(minutes=30)

Noticed = tuple[Event[MemberJoined], Rule, Wave]


@dataclass(frozen=True, slots=True)
class WatchJoins:
    """Counts joins by event time; each wave is told once."""

    texts: Catalogue
    books: RuleBooks

    async def __call__(self, batch: Sequence[Event[MemberJoined]], work: UnitOfWork) -> None:
        """Load the joins around the batch's, count, save and tell."""
        people = [event for event in batch if not event.data.is_bot]
        if not people:
            return
        books = await self.books.of(work.connection, sorted({event.community_id for event in people}))
        joins = await _load(people, work)
        noticed = [each for event in people for each in _noticed(event, books, joins)]
        await _save(joins, work)
        latest: dict[str, datetime] = {event.community_id: event.now for event in people}
        for community_id in sorted(name for name, known in joins.items() if known.fresh):
            work.set_timer(forgetting(community_id, latest[community_id]))
        waves = [each for each in noticed if each[2].scale == WAVE and each[1].mode is not Mode.OBSERVE]
        fresh = await save_cases(work.connection, [_case(event, rule) for event, rule, _ in waves], ())
        for event, rule, wave in noticed:
            work.publish(_fact(event, wave), event.now)
            if _case_id(event) in fresh and wave.scale == WAVE:
                self._alert(event, rule, wave, work)

    def _alert(self, event: Event[MemberJoined], rule: Rule, wave: Wave, work: UnitOfWork) -> None:
        """The case, and where operators have a channel the suggestion to close the doors."""
        case = _case(event, rule)
        metrics.CASES.labels(JOIN_WAVE).inc()
        work.publish(
            CaseOpened(
                community_id=case.community_id, case_id=case.case_id, rule=case.rule, score=case.score
            ),
            event.now,
        )
        if event.profile.operators_channel_id:
            minutes = wave.span_us // 60_000_000
            text = self.texts.say(event.profile.locale, "alert.join_wave", count=wave.joins, minutes=minutes)
            command = SendMessage(
                community_id=event.community_id, channel_id=event.profile.operators_channel_id, text=text,
                purpose="moderation_alert_join_wave", cause_id=event.id, expires_at=event.now + ALERT_VALID,
            )  # fmt: skip
            work.publish(command, event.now)
            metrics.NOTICES.labels("operators").inc()


async def _load(people: Sequence[Event[MemberJoined]], work: UnitOfWork) -> dict[str, Joins]:
    moments: dict[str, list[datetime]] = {}
    for event in people:
        moments.setdefault(event.community_id, []).append(event.occurred_at)
    asked = [(name, min(times) - SPAN, max(times) + SPAN) for name, times in sorted(moments.items())]
    known = await store.load_joins(work.connection, asked)
    until: dict[str, dict[str, int]] = {name: {} for name in moments}
    for (name, scale), until_us in (await store.load_waves(work.connection, sorted(moments))).items():
        until[name][scale] = until_us
    return {name: Joins.of(known.get(name, ()), until[name]) for name in moments}


def _noticed(
    event: Event[MemberJoined], books: Mapping[str, RuleBook], joins: Mapping[str, Joins]
) -> list[Noticed]:
    """By the first rule of the kind; there is one row for a community's waves."""
    rules: Sequence[tuple[Rule, JoinWave]] = books[event.community_id].across(JOIN_WAVE)
    if not rules:
        return []
    rule, params = rules[0]
    join = microseconds_of(event.occurred_at), event.data.member_id
    waves = joins[event.community_id].join(join, params, is_stale=event.is_stale)
    return [(event, rule, wave) for wave in waves]


async def _save(joins: Mapping[str, Joins], work: UnitOfWork) -> None:
    fresh = [(name, join) for name, known in joins.items() for join in known.fresh]
    moved = [((name, scale), known.until[scale]) for name, known in joins.items() for scale in known.moved]
    await store.save_joins(work.connection, fresh)
    await store.save_waves(work.connection, moved)


def _case_id(event: Event[MemberJoined]) -> str:
    return event_id(event.now, JOIN_WAVE, event.id)


def _case(event: Event[MemberJoined], rule: Rule) -> Case:
    about = (event.community_id, JOIN_WAVE, None, rule.id, rule.version)
    return Case(_case_id(event), *about, REVIEW_WEIGHT + 1.0, event.now)


def _fact(event: Event[MemberJoined], wave: Wave) -> JoinWaveNoticed:
    return JoinWaveNoticed(
        community_id=event.community_id,
        wave_id=event_id(event.now, JOIN_WAVE, event.id, wave.scale),
        scale="wave" if wave.scale == WAVE else "burst",
        joins=wave.joins,
        window_seconds=wave.span_us // 1_000_000,
        until=moment_of(wave.until_us),
    )
