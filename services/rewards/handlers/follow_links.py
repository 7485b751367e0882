"""Carries what a linked account is given, or loses, on to its person's main account."""

from collections.abc import Sequence

from services.rewards.domain.ledger import Movement
from services.rewards.domain.link import carried_on
from services.rewards.store import links
from shared.postgres.connection import Connection


async def follow_links(connection: Connection, movements: Sequence[Movement]) -> Sequence[Movement]:
    """The movements with what follows from them; themselves where no account is linked.

    Links must not change before the end: whoever makes or undoes one locks the same accounts.
    """
    owners = {(each.community_id, each.member_id) for each in movements if each.member_id}
    found = await links.of_accounts(connection, owners)
    if not found:
        return movements
    followed, sums = carried_on(movements, found)
    await links.add_moved(connection, sums)
    return followed
