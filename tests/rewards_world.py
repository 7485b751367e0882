"""Rewards' handlers on a real database: tell events, fire timers, look at the books and the months."""

import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import asyncpg

from services.rewards.app import routes
from services.rewards.store.statements import check
from shared.contracts.chat import MessageDeleted, MessagePosted
from shared.contracts.contract import Contract
from shared.contracts.engagement import CheckinRecorded, CheckinRevoked
from shared.contracts.moderation import MessageRemoved, MessageRestored
from shared.contracts.profiles import CommunityProfile
from shared.engine import DueTimer, Event, Timer, UnitOfWork
from shared.engine.work import Outgoing, TimerName
from shared.postgres.connection import Connection
from shared.postgres.pool import SESSION_SETTINGS
from tests.builders import NOON, event, profile
from tests.servers import ServiceDatabase

SOURCE = "/hearth/rewards"
SPEND = """
    WITH purse AS (
        SELECT max(id) FILTER (WHERE kind = 'issuer') AS issuer,
               max(id) FILTER (WHERE kind = 'wallet') AS wallet
        FROM account WHERE community_id = $1 AND member_id IN ('', $2)
    ), header AS (
        INSERT INTO transaction (id, community_id, member_id, kind, points, rule, rule_version, cause_id,
                                 reverses, reason, fingerprint, occurred_at)
        SELECT gen_random_uuid(), $1, $2, 'award', $3, 'test', 1, 'spend', NULL, '', '', now() RETURNING id
    ), lines AS (
        INSERT INTO entry (account_id, transaction_id, amount)
        SELECT account_id, header.id, amount
        FROM header, purse,
             LATERAL (VALUES (issuer, $3::bigint), (wallet, -$3::bigint)) AS line (account_id, amount)
    )
    UPDATE account SET balance = balance + CASE kind WHEN 'wallet' THEN -$3 ELSE $3 END
    FROM purse WHERE account.id IN (issuer, wallet)
"""
FACTS = """
    SELECT day, member_id, messages, checkins, last_at FROM member_day
    WHERE community_id = $1 AND (messages > 0 OR checkins > 0) ORDER BY day, member_id
"""
TALKS = """
    SELECT month, member_id, partner_id, messages FROM talk
    WHERE community_id = $1 AND messages > 0 ORDER BY 1, 2, 3
"""
WINNERS = (
    "SELECT rank, member_id, score, parts FROM month_winner WHERE community_id = $1 AND month = $2 ORDER BY 1"
)


@dataclass(slots=True, repr=False)
class World:
    """A connection as the service's own role has it, and what the handlers announced on it."""

    connection: Connection
    announced: list[Outgoing] = field(default_factory=list)
    timers: dict[TimerName, Timer] = field(default_factory=dict)

    async def tell(self, *events: Event[Any]) -> None:
        """One batch in one transaction, each handler once with all of its events."""
        async with self.connection.transaction():
            work = UnitOfWork(connection=self.connection, now=NOON, source=SOURCE)
            for route in routes().routes:
                if batch := [each for each in events if isinstance(each.data, route.contracts)]:
                    await route.handler(batch, work)
        self._remember(work)

    async def tell_in_turn(self, *events: Event[Any]) -> None:
        """Each event in a batch of its own."""
        for each in events:
            await self.tell(each)

    async def fire(
        self, *timers: Timer, now: datetime | None = None, about: CommunityProfile | None = None
    ) -> None:
        """These timers come due, in one transaction."""
        async with self.connection.transaction():
            work = UnitOfWork(connection=self.connection, now=NOON, source=SOURCE)
            for kind in {timer.kind for timer in timers}:
                due = [
                    DueTimer(timer, now or timer.due_at, about or profile(timer.community_id))
                    for timer in timers
                    if timer.kind == kind
                ]
                await routes().timers[kind](due, work)
        self._remember(work)

    def _remember(self, work: UnitOfWork) -> None:
        self.timers |= work.timers_set
        self.announced += work.outgoing

    def heard(self, kind: type[Contract]) -> list[Any]:
        """What was announced of a kind, in order."""
        return [kind.model_validate_json(each.payload) for each in self.announced if _is(each, kind)]

    def forget(self, kind: type[Contract]) -> None:
        """Do not keep what was announced of a kind."""
        self.announced = [each for each in self.announced if not _is(each, kind)]

    def timer(self, month: str, community: str = "tea") -> Timer:
        """The timer that closes a month."""
        return self.timers[community, "month_close", month]

    async def purse(self, member: str = "ann", community: str = "tea") -> tuple[int, int]:
        """Wallet (≥ 0) and debt (≤ 0)."""
        rows = await self.connection.fetch(
            "SELECT kind, balance FROM account WHERE community_id = $1 AND member_id = $2", community, member
        )
        held = {row["kind"]: row["balance"] for row in rows}
        return held.get("wallet", 0), held.get("debt", 0)

    async def spend(self, points: int, member: str = "ann", community: str = "tea") -> None:
        """Points leave the wallet, as a redemption would make them."""
        async with self.connection.transaction():
            await self.connection.execute(SPEND, community, member, points)

    async def books_are_right(self, community: str = "tea") -> bool:
        """Entries sum to zero, balances are their entries, no debt beside points."""
        row = await check(self.connection, community)
        return (row["entries_sum"], row["wrong_balances"], row["unpaid_debts"]) == (0, 0, 0)

    async def facts(self, community: str = "tea") -> list[tuple[Any, ...]]:
        """What counts, by day and member, and by talk."""
        rows = [
            *await self.connection.fetch(FACTS, community),
            *await self.connection.fetch(TALKS, community),
        ]
        return [tuple(row) for row in rows]

    async def winners(self, month: str, community: str = "tea") -> list[tuple[int, str, int, dict[str, int]]]:
        """The frozen top of a month: rank, member, score, parts."""
        rows = await self.connection.fetch(WINNERS, community, date.fromisoformat(f"{month}-01"))
        return [(row[0], row[1], row[2], json.loads(row[3])) for row in rows]


def words(number: int) -> str:
    """A substantive text that is unlike that of any other number."""
    return "".join(chr(0x4E00 + (number * 9 + place) * 37 % 20_000) for place in range(9))


def _is(outgoing: Outgoing, kind: type[Contract]) -> bool:
    return ("ce_type", kind.ce_type().encode()) in outgoing.headers


@asynccontextmanager
async def connected(database: ServiceDatabase) -> AsyncIterator[Connection]:
    """A connection as the service's own role has it."""
    connection = await asyncpg.connect(database.app_url, server_settings=SESSION_SETTINGS)
    try:
        yield connection
    finally:
        await connection.close()


def _later(one: Event[Any], seconds: float) -> datetime:
    return one.occurred_at + timedelta(seconds=seconds)


def removed(message: Event[MessagePosted], decision: int = 1, after: float = 5) -> Event[MessageRemoved]:
    """Moderation removes a message."""
    data = MessageRemoved(
        community_id=message.data.community_id,
        message_id=message.data.message_id,
        member_id=message.data.member_id,
        channel_id=message.data.channel_id,
        rule="ads",
        decision=decision,
        posted_at=message.occurred_at,
    )
    return event(data, _later(message, after), about=message.profile)


def restored(message: Event[MessagePosted], decision: int = 2, after: float = 9) -> Event[MessageRestored]:
    """A person overrules a removal."""
    data = MessageRestored(
        community_id=message.data.community_id,
        message_id=message.data.message_id,
        member_id=message.data.member_id,
        channel_id=message.data.channel_id,
        decision=decision,
        posted_at=message.occurred_at,
        restored_by="operator",
    )
    return event(data, _later(message, after), about=message.profile)


def deleted(
    message: Event[MessagePosted], by: str | None, *, author: str | None = "", after: float = 7
) -> Event[MessageDeleted]:
    """Somebody deletes a message; the platform tells its author unless told otherwise."""
    data = MessageDeleted(
        community_id=message.data.community_id,
        channel_id=message.data.channel_id,
        message_id=message.data.message_id,
        member_id=message.data.member_id if author == "" else author,
        deleted_by=by,
    )
    return event(data, _later(message, after), about=message.profile)


def checkin(
    day: str = "2024-03-05",
    *,
    member: str = "ann",
    streak: int = 1,
    revision: int = 1,
    community: str = "tea",
    campaign: str = "daily",
    moment: datetime = NOON,
) -> Event[CheckinRecorded]:
    """A check-in of a local date."""
    data = CheckinRecorded(
        community_id=community,
        campaign_id=campaign,
        member_id=member,
        local_date=date.fromisoformat(day),
        message_id=f"checkin-{member}-{day}",
        channel_id="hall",
        streak_days=streak,
        revision=revision,
    )
    return event(data, moment)


def revoked(record: Event[CheckinRecorded], after: float = 5) -> Event[CheckinRevoked]:
    """That check-in does not count after all."""
    data = CheckinRevoked(
        community_id=record.data.community_id,
        member_id=record.data.member_id,
        campaign_id=record.data.campaign_id,
        local_date=record.data.local_date,
        message_id=record.data.message_id,
        revision=record.data.revision,
    )
    return event(
        data, datetime.fromtimestamp(record.occurred_at.timestamp() + after, record.occurred_at.tzinfo)
    )


def in_batches(events: Iterable[Event[Any]], size: int) -> Iterable[list[Event[Any]]]:
    """The events in order, cut into batches."""
    batch: list[Event[Any]] = []
    for each in events:
        batch.append(each)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
