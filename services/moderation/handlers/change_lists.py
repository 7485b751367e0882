"""Changes owners' lists and who follows them; every act is noted with who and why."""

from collections.abc import Collection

from services.moderation.domain.listing import read_entry
from services.moderation.store import lists as store
from shared.engine import UnitOfWork

ENTRIES_MAX = 20_000
LISTS_MAX = 20
"""Lists that one community follows."""


class UnknownList(Exception):
    """There is no such list."""


class TooMany(Exception):
    """More than `most`."""

    def __init__(self, most: int) -> None:
        super().__init__(f"more than {most}")
        self.most = most


async def create_list(
    work: UnitOfWork, list_id: str, owner: str, name: str, effect: str, by: str, reason: str
) -> bool:
    """Make an empty list; False when the id is taken."""
    status = await work.connection.execute(store.ADD_LIST, list_id, owner, name, effect)
    if status != "INSERT 0 1":
        return False
    await store.note(work.connection, [(list_id, work.now, by, "created", reason, None, None, None)])
    return True


async def change_entries(
    work: UnitOfWork,
    list_id: str,
    added: Collection[tuple[str, str]],
    dropped: Collection[tuple[str, str]],
    by: str,
    reason: str,
) -> tuple[int, int]:
    """Take entries (kind, value) off and put others on; returns how many came and how many went.

    Raises `UnknownList`, `BadEntry` or `TooMany`.
    """
    entries = {store.Entry(kind, value.strip(), read_entry(kind, value)) for kind, value in added}
    if await work.connection.fetchval(store.NEXT_VERSION, list_id) is None:
        raise UnknownList(list_id)
    gone = await store.drop_entries(
        work.connection, list_id, {(kind, value.strip()) for kind, value in dropped}
    )
    came = await store.add_entries(work.connection, list_id, entries)
    if await work.connection.fetchval(store.COUNT_ENTRIES, list_id) > ENTRIES_MAX:
        raise TooMany(ENTRIES_MAX)
    about = list_id, work.now, by
    await store.note(
        work.connection,
        [(*about, "taken_off", reason, None, row["kind"], row["value"]) for row in gone]
        + [(*about, "added", reason, None, row["kind"], row["value"]) for row in came],
    )
    return len(came), len(gone)


async def follow_list(
    work: UnitOfWork, community_id: str, list_id: str, by: str, reason: str, *, follows: bool
) -> None:
    """Let a community follow a list, or no more; raises `UnknownList` or `TooMany`."""
    connection = work.connection
    if await connection.fetchrow(store.LOAD_LIST, list_id) is None:
        raise UnknownList(list_id)
    statement = store.SUBSCRIBE if follows else store.UNSUBSCRIBE
    status = await connection.execute(statement, community_id, list_id)
    if status.endswith(" 0"):
        return
    if follows and await connection.fetchval(store.COUNT_SUBSCRIPTIONS, community_id) > LISTS_MAX:
        raise TooMany(LISTS_MAX)
    act = "subscribed" if follows else "unsubscribed"
    await store.note(connection, [(list_id, work.now, by, act, reason, community_id, None, None)])
