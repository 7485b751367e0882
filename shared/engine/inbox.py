"""The inbox: the ids of events that this service has taken, so that a repeated delivery changes nothing."""

from collections.abc import Sequence

import asyncpg

from shared.postgres.connection import Connection

# The ids come as one text: the client would look at each element of an array.
TAKE_IN = "INSERT INTO inbox SELECT unnest(string_to_array($1, ','))::uuid"
# Returns the repeats, which are few, instead of the new ones, which are many.
TAKE_IN_BUT_REPEATS = """
    WITH ids AS (SELECT unnest(string_to_array($1, ','))::uuid AS event_id),
         fresh AS (INSERT INTO inbox SELECT event_id FROM ids ORDER BY event_id ON CONFLICT DO NOTHING
                   RETURNING event_id)
    SELECT event_id::text FROM (SELECT event_id FROM ids EXCEPT SELECT event_id FROM fresh) AS repeats
"""
GIVE_BACK = "DELETE FROM inbox WHERE event_id = ANY($1::uuid[])"


class Repeated(Exception):
    """Some of a batch were taken before; its transaction is over, and is begun again to sort them out."""


async def take_in(connection: Connection, event_ids: Sequence[str]) -> None:
    """Record the ids, which must differ from one another. Raises `Repeated`.

    Half the database's time of `take_in_but_repeats`; repeats are rare.
    """
    if not event_ids:
        return
    try:
        await connection.execute(TAKE_IN, ",".join(event_ids))
    except asyncpg.UniqueViolationError:
        raise Repeated from None


async def take_in_but_repeats(connection: Connection, event_ids: Sequence[str]) -> set[str]:
    """Record the ids, which must differ from one another; returns those that were there before."""
    if not event_ids:
        return set()
    return {row["event_id"] for row in await connection.fetch(TAKE_IN_BUT_REPEATS, ",".join(event_ids))}


async def give_back(connection: Connection, event_ids: Sequence[str]) -> None:
    """Forget ids of events that became dead letters, so that a replay of them is taken."""
    if event_ids:
        await connection.execute(GIVE_BACK, event_ids)
