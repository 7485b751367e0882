"""A desk for tests of check-ins on a real database: applies batches, keeps what is told and what stands."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.engagement.consumers import routes
from services.engagement.handlers.keep_checkins import KeepCheckins
from shared.contracts.chat import MessageDeleted
from shared.contracts.contract import Contract
from shared.contracts.moderation import MessageRemoved, MessageRestored
from shared.engine import Event, UnitOfWork
from shared.postgres.connection import Connection
from tests.builders import NOON, event, profile
from tests.unit.engagement.histories import ZONES, Outcome

HANDLER = next(each.handler for each in routes().routes if isinstance(each.handler, KeepCheckins))
PROFILES = {name: profile(name, time_zone=zone.key) for name, zone in ZONES.items()}
FACTS = ("checkin_message", "message_verdict", "checkin_streak")


@dataclass
class Desk:
    """Applies batches, one transaction each, and keeps what was announced."""

    connection: Connection

    async def apply(self, *batch: Event[Any]) -> list[dict[str, Any]]:
        work = UnitOfWork(self.connection, now=NOON, source="/hearth/engagement")
        async with self.connection.transaction():
            await HANDLER(batch, work)
        return [
            {"type": dict(each.headers)["ce_type"].decode(), **json.loads(each.payload)}
            for each in work.outgoing
        ]

    async def rows(self, table: str) -> list[tuple[Any, ...]]:
        return [
            tuple(row) for row in await self.connection.fetch(f"SELECT * FROM {table} ORDER BY 1, 2, 3, 4")
        ]

    async def outcome(self) -> Outcome:
        days = await self.connection.fetch("SELECT * FROM checkin WHERE message_id IS NOT NULL")
        owners = {
            (row["community_id"], row["member_id"], row["local_date"]): row["message_id"] for row in days
        }
        runs = await self.connection.fetch(
            "SELECT community_id, member_id, first_date, last_date FROM checkin_streak"
        )
        return Outcome(owners, {tuple(row) for row in runs})


def removed(
    message: str, decision: int = 1, occurred_at: datetime = NOON, community: str = "tea"
) -> Event[Any]:
    return decided(MessageRemoved, message, decision, occurred_at, community, rule="ad")


def restored(
    message: str, decision: int = 2, occurred_at: datetime = NOON, community: str = "tea"
) -> Event[Any]:
    return decided(MessageRestored, message, decision, occurred_at, community, restored_by="op")


def decided(
    contract: Callable[..., Contract],
    message: str,
    decision: int,
    occurred_at: datetime,
    community: str,
    **fields: Any,
) -> Event[Any]:
    data = contract(
        community_id=community, message_id=message, member_id="ann", channel_id="hall",
        decision=decision, posted_at=NOON, **fields,
    )  # fmt: skip
    return event(data, occurred_at, about=PROFILES[community])


def deleted(message: str, occurred_at: datetime = NOON, community: str = "tea") -> Event[Any]:
    data = MessageDeleted(community_id=community, message_id=message, channel_id="hall")
    return event(data, occurred_at, about=PROFILES[community])


def words(told: Iterable[dict[str, Any]]) -> list[str]:
    """What is said in the chat."""
    return [each["text"] for each in told if "text" in each]


def recorded(told: Iterable[dict[str, Any]]) -> list[tuple[str, int, int]]:
    """Date, streak and revision of the recorded check-ins."""
    return [
        (each["local_date"], each["streak_days"], each.get("revision", 1))
        for each in told
        if "streak_days" in each
    ]


def summary(told: Iterable[dict[str, Any]]) -> list[tuple[str, Any, int]]:
    """Every announcement in short; an answer in the chat would fail here."""
    return [
        ("recorded", each["streak_days"], each.get("revision", 1))
        if each["type"] == "hearth.checkin.recorded.v1"
        else ("revoked", each["reason"], each.get("revision", 1))
        for each in told
    ]
