"""Warns operators of a sudden rise in findings, negative words or leaves, against the community's own days.

The batch is counted in one statement. Only where a count reaches the floor are the usual counts loaded and
the batch gone through again event by event, so that the warning comes at the same event whatever the batch.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from services.moderation import metrics
from services.moderation.domain.docket import Found
from services.moderation.domain.local_time import (
    QUARTER_US,
    days_before,
    place_of,
    place_of_quarter,
    quarter_of,
)
from services.moderation.domain.message import Message
from services.moderation.domain.mood import negative_among
from services.moderation.domain.pulse import (
    BASELINE_DAYS,
    DAYS_MIN,
    FLOOR,
    Beat,
    Bucket,
    Counts,
    Kind,
    Quarter,
    Span,
    Tally,
    expected,
    is_alarming,
)
from services.moderation.domain.rulebook import RuleBook
from services.moderation.handlers.open_cases import Outcome
from services.moderation.store import pulse as store
from services.moderation.store.pulse import Ids, RiskWarning
from shared.contracts.chat import MemberLeft, MessagePosted
from shared.contracts.commands import SendMessage
from shared.engine import Event, UnitOfWork
from shared.i18n import Catalogue, match

RISK_WARNING = "risk_warning"
COMMAND_VALID = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class WatchLeaves:
    """Counts members who leave by their own choice."""

    texts: Catalogue

    async def __call__(self, batch: Sequence[Event[MemberLeft]], work: UnitOfWork) -> None:
        """Count, and warn."""
        beats = [
            Beat(number, (event.community_id, event.profile.time_zone, quarter_of(event.occurred_at)), 0,
                 {Kind.LEAVES: event.data.member_id})
            for number, event in enumerate(batch)
            if event.data.removed_by is None
        ]  # fmt: skip
        await watch_pulse(Tally(Counter(), beats, lambda: beats), batch, (), {}, self.texts, work)


async def watch_messages(
    batch: Sequence[Event[Any]],
    messages: Mapping[int, Message],
    outcomes: Sequence[Outcome],
    books: Mapping[str, RuleBook],
    texts: Catalogue,
    work: UnitOfWork,
) -> None:
    """Count the messages of a batch (by their event's number) and what was found in them, and warn."""
    found: dict[int, list[Found]] = {}
    for outcome in outcomes:
        if outcome.found:
            found.setdefault(outcome.cause, []).extend(outcome.found)
    numbers = list(messages)
    negative = {numbers[place] for place in negative_among([each.text.text for each in messages.values()])}

    def beat(number: int) -> Beat:
        message = messages[number]
        is_posted = isinstance(batch[number].data, MessagePosted)
        ids = {Kind.FINDINGS: message.message_id} if number in found else {}
        if is_posted and number in negative:
            ids[Kind.NEGATIVE] = message.message_id
        quarter = message.community_id, batch[number].profile.time_zone, message.posted_us // QUARTER_US
        return Beat(number, quarter, int(is_posted), ids)

    written = Counter(
        (message.community_id, batch[number].profile.time_zone, message.posted_us // QUARTER_US)
        for number, message in messages.items()
        if isinstance(batch[number].data, MessagePosted)
    )
    marked = [beat(number) for number in numbers if number in found or number in negative]
    telling = [each for each in marked if each.ids]
    tally = Tally(written, telling, lambda: [beat(number) for number in numbers])
    findings = [each for several in found.values() for each in several]
    await watch_pulse(tally, batch, findings, books, texts, work)


async def watch_pulse(
    tally: Tally,
    batch: Sequence[Event[Any]],
    findings: Sequence[Found],
    books: Mapping[str, RuleBook],
    texts: Catalogue,
    work: UnitOfWork,
) -> None:
    """Count what events add; warn where a count is far above what is usual."""
    if not tally.written and not tally.telling:
        return
    buckets = _buckets(tally)
    totals, ids = _sum(tally, buckets)
    after = await store.add_counts(
        work.connection, {bucket: (totals[bucket], ids.get(bucket, {})) for bucket in totals}
    )
    suspects = {
        (bucket, kind)
        for bucket, added in totals.items()
        for kind in Kind
        if added.of(kind) and after[bucket][0].of(kind) >= FLOOR[bucket[1]]
    }
    if not suspects:
        return
    beats = tally.every()
    watch = await _load(suspects, beats, batch, buckets, totals, after, work)
    alarms = [alarm for beat in beats for alarm in watch.add(beat, batch[beat.cause])]
    if alarms:
        await _warn(alarms, batch, findings, books, texts, work)


def _buckets(tally: Tally) -> dict[Quarter, tuple[Bucket, Bucket]]:
    """The hour and the day of each quarter."""
    buckets: dict[Quarter, tuple[Bucket, Bucket]] = {}
    for community_id, zone, quarter in {*tally.written, *(beat.quarter for beat in tally.telling)}:
        place = place_of_quarter(quarter, zone)
        hour, day = (community_id, Span.HOUR, place.hour), (community_id, Span.DAY, place.midnight)
        buckets[community_id, zone, quarter] = hour, day
    return buckets


def _sum(
    tally: Tally, buckets: Mapping[Quarter, Sequence[Bucket]]
) -> tuple[dict[Bucket, Counts], dict[Bucket, dict[Kind, list[str]]]]:
    ids: dict[Bucket, dict[Kind, list[str]]] = {}
    totals = {bucket: Counts() for several in buckets.values() for bucket in several}
    for beat in tally.telling:
        for kind, about in beat.ids.items():
            for bucket in buckets[beat.quarter]:
                totals[bucket].add(0, (kind,))
                ids.setdefault(bucket, {}).setdefault(kind, []).append(about)
    for quarter, count in tally.written.items():
        for bucket in buckets[quarter]:
            totals[bucket].add(count, ())
    return totals, ids


@dataclass(slots=True)
class _Watch:
    """All buckets that matter, as they stood before the batch, and brought forward event by event."""

    suspects: set[tuple[Bucket, Kind]]
    buckets: Mapping[Quarter, Sequence[Bucket]]
    counts: dict[Bucket, Counts]
    usual: Mapping[Bucket, Sequence[Bucket]]
    """Of each suspect bucket: the same of earlier days, as many as are known of the community."""
    ids: Mapping[Bucket, Ids]
    told: set[tuple[str, Kind, date]] = field(default_factory=set)

    def add(self, beat: Beat, event: Event[Any]) -> list[RiskWarning]:
        """The warnings to which one more event leads."""
        buckets = self.buckets[beat.quarter]
        for bucket in buckets:
            if bucket in self.counts:
                self.counts[bucket].add(beat.messages, beat.ids)
        if event.is_stale:
            return []
        return [
            alarm
            for bucket in buckets
            for kind in beat.ids
            if (bucket, kind) in self.suspects and (alarm := self._judge(bucket, kind, event))
        ]

    def _judge(self, bucket: Bucket, kind: Kind, event: Event[Any]) -> RiskWarning | None:
        community_id, span, start = bucket
        day = place_of(event.occurred_at, event.profile.time_zone).day
        usual = self.usual[bucket]
        if (community_id, kind, day) in self.told or len(usual) < DAYS_MIN:
            return None
        now = self.counts[bucket]
        mean, variance = expected(kind, now, [self.counts[each] for each in usual])
        if not is_alarming(now.of(kind), span, mean, variance):
            return None
        self.told.add((community_id, kind, day))
        return RiskWarning(
            community_id, kind, day, span, start, event.now, now.of(kind), round(mean, 2), None,
            tuple(self.ids[bucket][kind]), event.id,
        )  # fmt: skip


async def _load(
    suspects: set[tuple[Bucket, Kind]],
    beats: Sequence[Beat],
    batch: Sequence[Event[Any]],
    buckets: Mapping[Quarter, Sequence[Bucket]],
    totals: Mapping[Bucket, Counts],
    after: Mapping[Bucket, tuple[Counts, Ids]],
    work: UnitOfWork,
) -> _Watch:
    events = {bucket: batch[beat.cause] for beat in beats for bucket in buckets[beat.quarter]}
    since = await store.counted_since(work.connection, sorted({bucket[0] for bucket, _ in suspects}))
    usual: dict[Bucket, list[Bucket]] = {}
    asked = set()
    for bucket, kind in suspects:
        community_id, span, start = bucket
        event = events[bucket]
        zone = event.profile.time_zone
        asked.add((community_id, kind, place_of(event.occurred_at, zone).day))
        starts = [each for each in days_before(start, zone, BASELINE_DAYS) if each >= since[community_id]]
        usual[bucket] = [(community_id, span, each) for each in starts]
    wanted = set(usual) | {each for several in usual.values() for each in several}
    loaded = await store.load_counts(work.connection, wanted)
    counts = {bucket: loaded.get(bucket, Counts()).less(totals.get(bucket, Counts())) for bucket in wanted}
    told = await store.warned(work.connection, asked)
    return _Watch(suspects, buckets, counts, usual, {bucket: after[bucket][1] for bucket in usual}, told)


async def _warn(
    alarms: Sequence[RiskWarning],
    batch: Sequence[Event[Any]],
    findings: Sequence[Found],
    books: Mapping[str, RuleBook],
    texts: Catalogue,
    work: UnitOfWork,
) -> None:
    by_id = {event.id: (number, event) for number, event in enumerate(batch)}
    warnings = []
    for risen in alarms:  # a few a day
        alarm = risen
        number, event = by_id[risen.cause_id]
        if alarm.kind is Kind.FINDINGS:
            later = [
                (each.message.message_id, each.finding.rule, each.finding.version)
                for each in findings
                if each.cause > number
            ]
            between = (alarm.starts_at, store.end_of(alarm.span, alarm.starts_at))
            rule = await store.top_rule(work.connection, alarm.community_id, between, later)
            alarm = alarm._replace(rule=rule)
        warnings.append(alarm)
        metrics.CARE.labels("warning").inc()
        if event.profile.operators_channel_id:
            rule_name = _rule_name(alarm, event, books, texts)
            work.publish(_command(alarm, rule_name, event, texts), event.now)
    await store.save_warnings(work.connection, warnings)


def _rule_name(
    alarm: RiskWarning, event: Event[Any], books: Mapping[str, RuleBook], texts: Catalogue
) -> str | None:
    rule = books[alarm.community_id].policy.rule(alarm.rule) if alarm.rule else None
    if rule is None:
        return alarm.rule
    locale = match(event.profile.locale)
    return rule.names.get(locale) or texts.say(locale, f"rule.{rule.kind}")


def _command(alarm: RiskWarning, rule: str | None, event: Event[Any], texts: Catalogue) -> SendMessage:
    locale = event.profile.locale
    local: datetime = alarm.starts_at.astimezone(event.profile.zone)
    time = (
        f"{local:%H:%M}–{local + timedelta(hours=1):%H:%M}" if alarm.span is Span.HOUR else f"{local:%m-%d}"
    )
    parts = [
        texts.say(
            locale, f"warning.{alarm.kind}", time=time, count=alarm.counted, usual=f"{alarm.expected:.1f}"
        )
    ]
    if rule:
        parts.append(texts.say(locale, "warning.rule", rule=rule))
    ids = texts.say(locale, "warning.between").join(alarm.ids)
    evidence = "members" if alarm.kind is Kind.LEAVES else "messages"
    parts.append(texts.say(locale, f"warning.{evidence}", ids=ids))
    return SendMessage(
        community_id=alarm.community_id,
        channel_id=event.profile.operators_channel_id,
        text=" ".join(parts),
        purpose=f"{RISK_WARNING}_{alarm.kind}",
        cause_id=event.id,
        expires_at=event.now + COMMAND_VALID,
    )
