"""Places in a month's award and the gifts that wait for their choice."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from typing import NamedTuple

import asyncpg

from services.rewards.domain.facts import MonthKey
from shared.postgres.connection import Connection

_COLUMNS = """p.community_id, p.month, p.member_id, p.rank, p.state, p.gift_id, p.offered, p.choose_by,
    p.chosen_at,
    p.chosen_by"""
LOCK_MONTH = "SELECT state FROM month WHERE community_id = $1 AND month = $2 FOR UPDATE"
SET_STATE = "UPDATE month SET state = $3 WHERE community_id = $1 AND month = $2 AND state <> $3"
PRIZES = f"SELECT {_COLUMNS} FROM prize p WHERE community_id = $1 AND month = $2 ORDER BY rank, member_id"  # noqa: S608
# Few communities have a choice open at any time: the index holds nothing else.
CHOOSING = f"""
    SELECT {_COLUMNS} FROM prize p WHERE state = 'choosing' AND community_id = ANY($1::text[])
"""  # noqa: S608 - constants
ADD_PRIZES = """
    INSERT INTO prize (community_id, month, member_id, rank, state)
    SELECT * FROM unnest($1::text[], $2::date[], $3::text[], $4::int[], $5::text[])
    ON CONFLICT (community_id, month, member_id) DO NOTHING
"""
SAVE_PRIZE = """
    UPDATE prize SET rank = $4, state = $5, gift_id = $6, offered = $7, choose_by = $8, chosen_at = $9,
        chosen_by = $10
    WHERE community_id = $1 AND month = $2 AND member_id = $3
"""
MONTH_STOCK = "SELECT gift_id, units FROM month_stock WHERE community_id = $1 AND month = $2 AND units > 0"
SET_MONTH_STOCK = """
    INSERT INTO month_stock (community_id, month, gift_id, units)
    SELECT $1, $2, * FROM unnest($3::text[], $4::int[])
    ON CONFLICT (community_id, month, gift_id) DO UPDATE SET units = excluded.units
"""


class Prize(NamedTuple):
    """A member's place in a month's award."""

    community_id: str
    month: date
    member_id: str
    rank: int
    state: str = "waiting"
    gift_id: str | None = None
    offered: Sequence[str] = ()
    choose_by: datetime | None = None
    chosen_at: datetime | None = None
    chosen_by: str = ""


async def lock_month(connection: Connection, key: MonthKey) -> str | None:
    """The month's state; nobody else changes its award until the end."""
    state: str | None = await connection.fetchval(LOCK_MONTH, *key)
    return state


async def set_state(connection: Connection, key: MonthKey, state: str) -> bool:
    """Bring a month to a state; False when it is in it."""
    return await connection.execute(SET_STATE, *key, state) == "UPDATE 1"


async def load_prizes(connection: Connection, key: MonthKey) -> list[Prize]:
    """All places of a month, by rank."""
    return [_prize(row) for row in await connection.fetch(PRIZES, *key)]


async def load_choosing(connection: Connection, communities: Collection[str]) -> list[Prize]:
    """Those who may choose now."""
    return [_prize(row) for row in await connection.fetch(CHOOSING, list(communities))]


async def add_prizes(connection: Connection, prizes: Iterable[Prize]) -> None:
    """Add places that are not known."""
    rows = sorted(prize[:5] for prize in prizes)
    if rows:
        await connection.execute(ADD_PRIZES, *zip(*rows, strict=True))


async def save_prize(connection: Connection, prize: Prize) -> None:
    """Replace what is known of a place."""
    await connection.execute(SAVE_PRIZE, *prize[:6], list(prize.offered), *prize[7:])


async def month_stock(connection: Connection, key: MonthKey) -> dict[str, int]:
    """How many of each gift wait for the month's winners."""
    return {row[0]: row[1] for row in await connection.fetch(MONTH_STOCK, *key)}


async def set_month_stock(connection: Connection, key: MonthKey, units: dict[str, int]) -> None:
    """Set how many wait, by gift."""
    rows = sorted(units.items())
    if rows:
        await connection.execute(SET_MONTH_STOCK, *key, *map(list, zip(*rows, strict=True)))


def _prize(row: asyncpg.Record) -> Prize:
    return Prize(*row)
