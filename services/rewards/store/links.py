"""Links between one person's accounts, codes that make them, and wrong codes."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import asyncpg

from services.rewards.domain.ledger import Owner
from services.rewards.domain.link import Link, Tries
from shared.postgres.connection import Connection

_COLUMNS = "l.link_id::text, l.community_id, l.account_id, l.member_id, l.linked_at, l.moved"
OF_ACCOUNTS = f"""
    SELECT {_COLUMNS} FROM unnest($1::text[], $2::text[]) AS w (c, m)
    JOIN link l ON l.community_id = w.c AND l.account_id = w.m AND l.unlinked_at IS NULL
"""  # noqa: S608 - constants
# From an account to its person, from the person to all accounts: each step by its index.
OF_PERSONS = f"""
    SELECT w.c, w.m, {_COLUMNS} FROM unnest($1::text[], $2::text[]) AS w (c, m)
    LEFT JOIN link own ON own.community_id = w.c AND own.account_id = w.m AND own.unlinked_at IS NULL
    JOIN link l ON l.community_id = w.c AND l.member_id = coalesce(own.member_id, w.m)
     AND l.unlinked_at IS NULL
    ORDER BY w.c, w.m, l.account_id
"""  # noqa: S608 - constants
ADD = """
    INSERT INTO link (link_id, community_id, account_id, member_id, linked_at) VALUES ($1, $2, $3, $4, $5)
"""
ADD_MOVED = """
    UPDATE link SET moved = link.moved + sums.points
    FROM unnest($1::uuid[], $2::bigint[]) AS sums (link_id, points)
    WHERE link.link_id = sums.link_id
"""
FIND = f"""
    SELECT {_COLUMNS} FROM link l WHERE l.link_id = $1 AND l.community_id = $2 AND l.unlinked_at IS NULL
"""  # noqa: S608 - constants
UNDO = "UPDATE link SET unlinked_at = $2, unlinked_by = $3, reason = $4, returned = $5 WHERE link_id = $1"
PAGE = """
    SELECT * FROM link WHERE community_id = $1 AND ($2::text IS NULL OR account_id = $2 OR member_id = $2)
      AND ($3::timestamptz IS NULL OR (linked_at, link_id) < ($3, $4::uuid))
    ORDER BY linked_at DESC, link_id DESC LIMIT $5
"""
CODE_OF = """
    SELECT member_id, message_id, code, expires_at, is_used FROM link_code
    WHERE community_id = $1 AND member_id = $2
"""
CODE = """
    SELECT member_id, message_id, code, expires_at, is_used FROM link_code
    WHERE community_id = $1 AND code = $2
"""
DROP_EXPIRED = "DELETE FROM link_code WHERE community_id = $1 AND expires_at < $2 AND member_id <> $3"
SAVE_CODE = """
    INSERT INTO link_code AS known (community_id, member_id, message_id, code, expires_at)
    SELECT $1, $2, $3, $4, $5
    WHERE NOT EXISTS (
        SELECT FROM link_code o WHERE o.community_id = $1 AND o.code = $4 AND o.member_id <> $2)
    ON CONFLICT (community_id, member_id) DO UPDATE SET message_id = excluded.message_id,
        code = excluded.code, expires_at = excluded.expires_at, is_used = false
"""
USE_CODE = "UPDATE link_code SET is_used = true WHERE community_id = $1 AND member_id = $2"
TRIES = """
    SELECT member_id, since, tries, message_id FROM link_try
    WHERE community_id = $1 AND member_id = ANY($2::text[])
"""
SAVE_TRIES = """
    INSERT INTO link_try (community_id, member_id, since, tries, message_id) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (community_id, member_id) DO UPDATE SET since = excluded.since, tries = excluded.tries,
        message_id = excluded.message_id
"""
KEPT = timedelta(days=1)
"""How long an expired code is known: it may have been typed in time and be read late."""


class Code(NamedTuple):
    """A code that a member was told."""

    member_id: str
    message_id: str
    code: str
    expires_at: datetime
    is_used: bool


async def of_accounts(connection: Connection, owners: Collection[Owner]) -> dict[Owner, Link]:
    """By linked account its link; main accounts and those of nobody are left out. Owners must not repeat."""
    if not owners:
        return {}
    links = [Link(*row) for row in await connection.fetch(OF_ACCOUNTS, *zip(*owners, strict=True))]
    return {(each.community_id, each.account_id): each for each in links}


async def of_persons(connection: Connection, owners: Collection[Owner]) -> dict[Owner, list[Link]]:
    """By account all links of its person, where there are any; owners must not repeat."""
    found: dict[Owner, list[Link]] = {}
    if owners:
        for row in await connection.fetch(OF_PERSONS, *zip(*owners, strict=True)):
            found.setdefault((row[0], row[1]), []).append(Link(*row[2:]))
    return found


async def main_accounts(connection: Connection, owners: Collection[Owner]) -> dict[Owner, Owner]:
    """By account that of its person which has the points; itself where it is linked to none."""
    links = await of_accounts(connection, owners)
    return {owner: (owner[0], links[owner].member_id if owner in links else owner[1]) for owner in owners}


async def add(connection: Connection, link: Link) -> None:
    """Keep a link."""
    await connection.execute(ADD, *link[:5])


async def add_moved(connection: Connection, sums: Mapping[str, int]) -> None:
    """More points went to the main accounts, by link."""
    if sums:
        await connection.execute(ADD_MOVED, *zip(*sorted(sums.items()), strict=True))


async def find(connection: Connection, identifier: UUID, community_id: str) -> Link | None:
    """A link in force, if the community has it."""
    row = await connection.fetchrow(FIND, identifier, community_id)
    return Link(*row) if row else None


async def undo(
    connection: Connection, link_id: str, at: datetime, by: str, reason: str, returned: int
) -> None:
    """The link holds no longer."""
    await connection.execute(UNDO, link_id, at, by, reason, returned)


async def page(
    connection: Connection,
    community_id: str,
    member_id: str | None,
    before: tuple[datetime, UUID] | None,
    rows: int,
) -> Sequence[asyncpg.Record]:
    """Links in force and undone, newest first."""
    return await connection.fetch(PAGE, community_id, member_id, *(before or (None, None)), rows)


async def code_of(connection: Connection, owner: Owner) -> Code | None:
    """The newest code of a member."""
    row = await connection.fetchrow(CODE_OF, *owner)
    return Code(*row) if row else None


async def find_code(connection: Connection, community_id: str, code: str) -> Code | None:
    """Whose code it is, whether or not it can still be used."""
    row = await connection.fetchrow(CODE, community_id, code)
    return Code(*row) if row else None


async def save_code(connection: Connection, owner: Owner, code: Code, asked_at: datetime) -> bool:
    """Keep a member's code in place of an older one; False when somebody else has the same at this time."""
    await connection.execute(DROP_EXPIRED, owner[0], asked_at - KEPT, owner[1])
    status = await connection.execute(SAVE_CODE, *owner, code.message_id, code.code, code.expires_at)
    return status == "INSERT 0 1"


async def use_code(connection: Connection, owner: Owner) -> None:
    """The member's code made a link."""
    await connection.execute(USE_CODE, *owner)


async def load_tries(connection: Connection, community_id: str, members: Sequence[str]) -> dict[str, Tries]:
    """Wrong codes by member."""
    rows = await connection.fetch(TRIES, community_id, members)
    return {row[0]: Tries(*row[1:]) for row in rows}


async def save_tries(connection: Connection, owner: Owner, tries: Tries) -> None:
    """Keep how many there were."""
    await connection.execute(SAVE_TRIES, *owner, *tries)
