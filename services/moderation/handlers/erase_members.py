"""Forgets one member for ever, when a person asks for it."""

from services.moderation.handlers.end_sanctions import lift_sanctions
from services.moderation.handlers.sanction_members import SANCTION_END
from services.moderation.store import erasure, records
from services.moderation.store.communities import load_community
from shared.engine import UnitOfWork

ERASED = "erased"


async def erase_member(
    work: UnitOfWork, community_id: str, member_id: str, by: str, reason: str
) -> dict[str, int]:
    """Delete everything about the member; returns how many rows of each table went.

    Sanctions in force end first: nobody would remember afterwards to let the member write again.
    """
    community = await load_community(work.connection, community_id)
    held = await records.in_force(work.connection, community_id, member_id)
    await lift_sanctions(held, community.now(work.now), by, ERASED, work)
    for sanction_id in held:
        work.cancel_timer(community_id, SANCTION_END, sanction_id)
    counts = await erasure.erase_member(work.connection, community_id, member_id)
    await erasure.note_erasure(work.connection, community_id, work.now, by, reason, counts)
    return counts
