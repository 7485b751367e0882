"""Gifts and their stock: what is there, and what of it is promised."""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import asyncpg

from shared.postgres.connection import Connection

_COLUMNS = """gift_id, kind, name, description, image_url, cost, for_award, for_points, by_webhook,
    needs_address,
    is_open, stock, reserved, version"""
GIFT = f"SELECT {_COLUMNS} FROM gift WHERE community_id = $1 AND gift_id = $2"  # noqa: S608 - constants
# Gifts are locked last: after rows of requests, redemptions or months, then members, then accounts, each kind
# in the order of names. Two who keep to it do not deadlock.
LOCK_GIFTS = f"""
    SELECT {_COLUMNS} FROM gift WHERE community_id = $1 AND gift_id = ANY($2::text[])
    ORDER BY gift_id FOR UPDATE
"""  # noqa: S608 - constants
PAGE = f"""
    SELECT {_COLUMNS} FROM gift WHERE community_id = $1 AND ($2::text IS NULL OR gift_id > $2)
    ORDER BY gift_id LIMIT $3
"""  # noqa: S608 - constants
FOR_AWARD = f"""
    SELECT {_COLUMNS} FROM gift WHERE community_id = $1 AND for_award AND is_open
    ORDER BY gift_id FOR UPDATE
"""  # noqa: S608 - constants
FOR_POINTS = f"""
    SELECT {_COLUMNS} FROM gift WHERE community_id = $1 AND for_points AND is_open AND stock > reserved
    ORDER BY cost, gift_id LIMIT $2
"""  # noqa: S608 - constants
BY_IDS = f"""
    SELECT {_COLUMNS} FROM gift WHERE community_id = $1 AND gift_id = ANY($2::text[])
    ORDER BY cost DESC, gift_id
"""  # noqa: S608 - constants
ADD_GIFT = """
    INSERT INTO gift (community_id, gift_id, kind, name, description, image_url, cost, for_award, for_points,
                      by_webhook, needs_address, is_open, stock)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT DO NOTHING
"""
CHANGE_GIFT = """
    UPDATE gift SET kind = $4, name = $5, description = $6, image_url = $7, cost = $8, for_award = $9,
        for_points = $10, by_webhook = $11, needs_address = $12, is_open = $13, stock = $14,
            version = version + 1
    WHERE community_id = $1 AND gift_id = $2 AND version = $3 AND reserved <= $14
"""
RESERVE = """
    UPDATE gift SET reserved = reserved + wanted.units
    FROM unnest($2::text[], $3::int[]) AS wanted (gift_id, units)
    WHERE gift.community_id = $1 AND gift.gift_id = wanted.gift_id AND gift.stock - gift.reserved >=
        wanted.units
"""
TAKE = """
    UPDATE gift SET reserved = reserved - 1, stock = stock - 1
    WHERE community_id = $1 AND gift_id = $2 AND reserved >= 1
"""
PUT_BACK = """
    UPDATE gift SET reserved = reserved + 1, stock = stock + 1 WHERE community_id = $1 AND gift_id = $2
"""
RELEASE = """
    UPDATE gift SET reserved = reserved - given_back.units
    FROM unnest($2::text[], $3::int[]) AS given_back (gift_id, units)
    WHERE gift.community_id = $1 AND gift.gift_id = given_back.gift_id AND gift.reserved >= given_back.units
"""


class Gift(NamedTuple):
    """A gift of a community."""

    gift_id: str
    kind: str
    name: str
    description: str
    image_url: str
    cost: int
    for_award: bool
    for_points: bool
    by_webhook: bool
    needs_address: bool
    is_open: bool
    stock: int
    reserved: int = 0
    version: int = 1

    @property
    def available(self) -> int:
        """How many are there and not promised to anybody."""
        return self.stock - self.reserved


async def load_gift(connection: Connection, community_id: str, gift_id: str) -> Gift | None:
    """One gift, if it is known."""
    row = await connection.fetchrow(GIFT, community_id, gift_id)
    return Gift(*row) if row else None


async def lock_gifts(connection: Connection, community_id: str, ids: Collection[str]) -> dict[str, Gift]:
    """Those of the gifts that are known, locked."""
    rows = [Gift(*row) for row in await connection.fetch(LOCK_GIFTS, community_id, list(ids))]
    return {gift.gift_id: gift for gift in rows}


async def page(
    connection: Connection, community_id: str, after: str | None, rows: int
) -> Sequence[asyncpg.Record]:
    """Gifts after one of them, by id."""
    return await connection.fetch(PAGE, community_id, after, rows)


async def for_award(connection: Connection, community_id: str) -> list[Gift]:
    """What winners may choose from, the dearest first, locked."""
    found = [Gift(*row) for row in await connection.fetch(FOR_AWARD, community_id)]
    return sorted(found, key=lambda gift: (-gift.cost, gift.gift_id))


async def for_points(connection: Connection, community_id: str, rows: int) -> list[Gift]:
    """What points buy, the cheapest first."""
    return [Gift(*row) for row in await connection.fetch(FOR_POINTS, community_id, rows)]


async def by_ids(connection: Connection, community_id: str, ids: Collection[str]) -> list[Gift]:
    """These gifts, the dearest first."""
    return [Gift(*row) for row in await connection.fetch(BY_IDS, community_id, list(ids))]


async def add_gift(connection: Connection, community_id: str, gift: Gift) -> bool:
    """Add it; False when its id is taken."""
    return await connection.execute(ADD_GIFT, community_id, *gift[:12]) == "INSERT 0 1"


async def change_gift(connection: Connection, community_id: str, gift: Gift) -> bool:
    """Change it from `version`; False when it was changed meanwhile or more are promised than stay."""
    row = (community_id, gift.gift_id, gift.version, *gift[1:12])
    return await connection.execute(CHANGE_GIFT, *row) == "UPDATE 1"


async def reserve(connection: Connection, community_id: str, units: Mapping[str, int]) -> None:
    """Promise so many of each; the gifts are locked and have as many."""
    rows = sorted(units.items())
    if rows:
        await connection.execute(RESERVE, community_id, *map(list, zip(*rows, strict=True)))


async def take(connection: Connection, community_id: str, gift_id: str) -> bool:
    """Give one away that was promised."""
    return await connection.execute(TAKE, community_id, gift_id) == "UPDATE 1"


async def put_back(connection: Connection, community_id: str, gift_id: str) -> None:
    """One that was given away is promised again."""
    await connection.execute(PUT_BACK, community_id, gift_id)


async def release(connection: Connection, community_id: str, units: Mapping[str, int]) -> None:
    """Promise so many of each no longer; the gifts are locked."""
    rows = sorted((gift_id, many) for gift_id, many in units.items() if many)
    if rows:
        await connection.execute(RELEASE, community_id, *map(list, zip(*rows, strict=True)))
