"""Moderation on a real database: send batches, read what it keeps and what it announces."""

import json
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import asyncpg

from services.moderation.app import routes
from services.moderation.domain.policy import Policy
from services.moderation.domain.rulebook import RuleBook
from services.moderation.domain.rules import Resources
from services.moderation.handlers.rulebooks import RuleBooks
from services.moderation.store.models import shipped_model
from services.moderation.store.policy_documents import default_policy
from shared.contracts.envelope import parse_time
from shared.contracts.profiles import CommunityProfile
from shared.contracts.registry import BY_TYPE
from shared.engine import DueTimer, Event, Timer, UnitOfWork
from shared.engine.effects import Effects
from shared.engine.plan import Planned
from shared.engine.work import Outgoing, TimerName
from shared.postgres.connection import Pool
from tests.builders import NOON, profile
from tests.servers import ServiceDatabase

MakeDatabase = Callable[[str], Awaitable[ServiceDatabase]]
STATE = {
    "member_window": """
        SELECT community_id, member_id, recent, told_at, alerted_at, is_exempt, decided_at, case_id, first_at,
               spoken
        FROM member_window
    """,
    "moderation_case": "SELECT * FROM moderation_case",
    "case_message": "SELECT * FROM case_message",
    "case_history": "SELECT * FROM case_history",
    "strike": "SELECT * FROM strike",
    "sanction": "SELECT * FROM sanction",
    "finding": "SELECT * FROM finding",
    "removal": "SELECT * FROM removal",
    "appeal": "SELECT * FROM appeal",
    "member_report": "SELECT * FROM member_report",
    "reported_message": "SELECT * FROM reported_message",
    "gone_message": "SELECT community_id, message_id FROM gone_message",
    "community_care": "SELECT * FROM community_care",
    "channel_hour": "SELECT * FROM channel_hour",
    "member_seen": "SELECT * FROM member_seen",
    "dispute": "SELECT * FROM dispute",
    "dispute_pair": "SELECT community_id, member_a, member_b, recent, told_at FROM dispute_pair",
    "pulse": "SELECT * FROM pulse",
    "warning": "SELECT * FROM warning",
    "cleaning_member": "SELECT * FROM cleaning_member",
    "cleaning": "SELECT * FROM cleaning",
    "recent_text": "SELECT * FROM recent_text",
    "recent_edit": "SELECT * FROM recent_edit",
    "original_text": "SELECT * FROM original_text",
    "recent_join": "SELECT * FROM recent_join",
    "join_wave": "SELECT * FROM join_wave",
    "hosted_session": "SELECT * FROM hosted_session",
    "session_offence": "SELECT * FROM session_offence",
    "member_arrival": "SELECT * FROM member_arrival",
    "join_request": "SELECT * FROM join_request",
}
"""What must not depend on how the log is cut into batches; real time may."""
COUNTS = frozenset({"channel_hour", "pulse"})
"""Plain counts, which rely on the engine's inbox to give each event once."""

WORDS = ("illegal", "incitement", "attack", "spam_words", "spam_classifier", "vulgarity")
"""Rules that read words, which other rules' examples are full of."""


def fresh_effects(without: Collection[str] = WORDS) -> Effects:
    """Handlers that remember nothing of another test's database, under the shipped rules but these."""
    shipped = default_policy()
    policy = Policy(tuple(rule for rule in shipped.rules if rule.id not in without), shipped.ladder)
    return Effects(routes(RuleBooks(RuleBook.compile(policy, Resources(model=shipped_model())))))


EFFECTS = fresh_effects()


@dataclass(slots=True)
class World:
    """Moderation's routes on one connection; remembers everything that was announced."""

    connection: "asyncpg.Connection[asyncpg.Record] | asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"
    announced: list[Outgoing] = field(default_factory=list)
    timers: dict[TimerName, Timer] = field(default_factory=dict)
    effects: Effects = EFFECTS
    """Its handlers keep policies and lists by version: where a test changes those, `fresh_effects()`."""

    async def handle(self, *batch: Event[Any], real_time: datetime = NOON) -> None:
        """One transaction with one batch."""
        # neither lane nor record matter to a handler
        planned = [Planned(None, None, event) for event in batch]  # type: ignore[arg-type]
        await self._apply(lambda work: self.effects.apply(planned, work), real_time)

    async def fire(
        self, kind: str, now: datetime, community: str = "tea", about: CommunityProfile | None = None
    ) -> int:
        """One transaction with the community's due timers of a kind; returns how many there were."""
        due = [
            timer for timer in self.timers.values()
            if (timer.community_id, timer.kind) == (community, kind) and timer.due_at <= now
        ]  # fmt: skip
        known = about or profile(community)
        for timer in due:
            del self.timers[timer.community_id, timer.kind, timer.key]
        timers = [DueTimer(each, now, known) for each in due]
        await self._apply(lambda work: self.effects.fire(timers, work), now)
        return len(due)

    async def _apply(self, act: Callable[[UnitOfWork], Awaitable[None]], real_time: datetime) -> None:
        async with self.connection.transaction():
            work = UnitOfWork(self.connection, now=real_time, source="/hearth/moderation")
            await act(work)
        self.announced += work.outgoing
        for name in work.timers_cancelled:
            self.timers.pop(name, None)
        self.timers.update(work.timers_set)

    def told(self, *names: str) -> list[dict[str, Any]]:
        """Announced facts and commands of these types, as their JSON and with their type and time."""
        return [
            {**json.loads(each.payload), "type": _type(each), "time": _time(each)}
            for each in self.announced
            if not names or _type(each) in names
        ]

    async def rows(self, table: str) -> list[tuple[Any, ...]]:
        """A table's rows in a fixed order, without real time."""
        return sorted((tuple(row) for row in await self.connection.fetch(STATE[table])), key=repr)

    async def state(self) -> dict[str, Any]:
        """All tables, and all announcements whatever their order."""
        tables = {table: await self.rows(table) for table in STATE}
        return {
            **tables,
            "announced": sorted((each.event_id, each.topic, each.payload) for each in self.announced),
        }

    async def lasting(self) -> dict[str, Any]:
        """The same without plain counts."""
        return {name: rows for name, rows in (await self.state()).items() if name not in COUNTS}

    async def removed(self) -> list[str]:
        """Ids of the removed messages."""
        return [row["message_id"] for row in await self.connection.fetch("SELECT * FROM removal ORDER BY 2")]


def cut(events: Sequence[Event[Any]], sizes: Iterable[int]) -> list[Sequence[Event[Any]]]:
    """Events in batches of these sizes; the last takes what is left."""
    batches, start = [], 0
    for size in sizes:
        batches.append(events[start : start + size])
        start += size
    return [batch for batch in (*batches, events[start:]) if batch]


async def emptied(pool: Pool) -> None:
    """Forget everything, for the next round on the same database."""
    async with pool.acquire() as connection:
        for table in STATE:
            await connection.execute(f"DELETE FROM {table}")


def _type(each: Outgoing) -> str:
    headers = dict(each.headers)
    return BY_TYPE[headers["ce_type"].decode()].TYPE


def _time(each: Outgoing) -> datetime:
    return parse_time(dict(each.headers)["ce_time"].decode())
