"""Keeps the fact of every event and adds it to the roll-ups; forgets whom it is told to forget."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from services.reporting import metrics
from services.reporting.domain.fact import Fact
from services.reporting.domain.roll_up import roll_up
from services.reporting.domain.threads import merged, voices_of
from services.reporting.handlers.privacy import Privacy, alias_of
from services.reporting.handlers.read_facts import read_facts
from services.reporting.handlers.read_words import READ_WORDS, TEXT_CHARACTERS_MAX, next_reading
from services.reporting.handlers.report_timers import REPORT_KINDS, first_reports
from services.reporting.store import erasure
from services.reporting.store import texts as text_store
from services.reporting.store.facts import add_facts, add_roll_up
from services.reporting.store.texts import KeptText
from services.reporting.store.threads import load_threads, save_threads
from shared.contracts.chat import MemberForgotten, MessageDeleted, MessagePosted
from shared.engine import Event, Timer, UnitOfWork
from shared.postgres.connection import Connection

Batch = Sequence[Event[Any]]
UNSTORABLE = "\0"


@dataclass(frozen=True, slots=True)
class RecordFacts:
    """One handler for all types: roll-ups take sums and extremes, so no order between topics matters."""

    async def __call__(self, batch: Batch, work: UnitOfWork) -> None:
        """Keep what is not known yet and add it up; announces nothing."""
        connection = work.connection
        told = [event for event in batch if type(event.data) is not MemberForgotten]
        privacy = await Privacy.load(connection, {event.community_id for event in batch})
        await _forget([event for event in batch if type(event.data) is MemberForgotten], privacy, connection)
        facts = privacy.applied(read_facts(told))
        fresh = await add_facts(connection, facts)
        metrics.KNOWN_FACTS.inc(len(facts) - len(fresh))
        if not fresh:
            return
        known = fresh if len(fresh) == len(facts) else {fact.event_id for fact in fresh}
        new = told if known is fresh else [event for event in told if event.id in known]
        added = roll_up(fresh, _names(new, privacy))
        await add_roll_up(connection, added)
        await _add_threads(fresh, connection)
        texts = await _keep_texts(new, fresh, privacy, connection)
        await _schedule(new, texts, work)
        metrics.count_roll_up(added)


async def _forget(batch: Batch, privacy: Privacy, connection: Connection) -> None:
    for event in batch:
        alias = alias_of(event.community_id, event.data.member_id)
        privacy.forget(event.community_id, alias)
        await erasure.forget(connection, event.community_id, event.data.member_id, alias, event.occurred_at)
        metrics.FORGOTTEN.inc()


def _names(batch: Batch, privacy: Privacy) -> dict[str, str]:
    """What members were called, by event; forgotten ones have no name."""
    return {
        event.id: name
        for event in batch
        if (name := getattr(event.data, "member_name", None))
        and privacy.named(event.community_id, event.data.member_id) == event.data.member_id
    }


async def _add_threads(facts: Sequence[Fact], connection: Connection) -> None:
    heard = voices_of(facts)
    if heard and (changed := merged(await load_threads(connection, heard), heard)):
        await save_threads(connection, changed)


async def _keep_texts(
    batch: Batch, facts: Sequence[Fact], privacy: Privacy, connection: Connection
) -> list[KeptText]:
    """Of people's messages the beginning; a message that is deleted takes its text along."""
    kept: dict[tuple[str, str], KeptText] = {}
    gone = set()
    for event, fact in zip(batch, facts, strict=True):
        data = event.data
        if type(data) is MessageDeleted:
            name = (data.community_id, data.message_id)
            kept.pop(name, None)
            gone.add(name)
        elif (
            type(data) is MessagePosted
            and data.text
            and not data.is_bot
            and privacy.keeps_text(data.community_id, data.member_id)
        ):
            text = data.text[:TEXT_CHARACTERS_MAX].replace(UNSTORABLE, "")
            name = (data.community_id, data.message_id)
            kept[name] = KeptText(*name, fact.local_date, data.member_id, text)
    if gone:
        await text_store.drop_texts(connection, gone)
    if kept:
        await text_store.add_texts(connection, list(kept.values()))
    return list(kept.values())


async def _schedule(batch: Batch, texts: Sequence[KeptText], work: UnitOfWork) -> None:
    """Set the timers that a community does not have yet, from the first event that wants them."""
    with_texts = {text.community_id for text in texts}
    wanted: dict[tuple[str, str], tuple[datetime, ZoneInfo]] = {}
    for event in batch:
        community_id = event.community_id
        if community_id in with_texts and type(event.data) is MessagePosted:
            wanted.setdefault((community_id, READ_WORDS), (event.now, event.profile.zone))
        if event.profile.operators_channel_id is not None:
            for kind in REPORT_KINDS:
                wanted.setdefault((community_id, kind), (event.now, event.profile.zone))
    if not wanted:
        return
    reports: dict[str, set[str]] = {}
    for community_id, kind in await text_store.schedule(work.connection, wanted):
        now, zone = wanted[community_id, kind]
        if kind == READ_WORDS:
            work.set_timer(Timer(community_id, READ_WORDS, next_reading(now, zone)))
        else:
            reports.setdefault(community_id, set()).add(kind)
    if reports:
        moments = {name: wanted[name, next(iter(kinds))] for name, kinds in reports.items()}
        for timer in await first_reports(work.connection, reports, moments):
            work.set_timer(timer)
