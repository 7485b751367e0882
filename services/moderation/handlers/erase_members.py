"""Forgets members for ever, when a person asks for it: over HTTP, or of every service at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.moderation.handlers.end_sanctions import lift_sanctions
from services.moderation.handlers.sanction_members import SANCTION_END
from services.moderation.store import erasure, records
from shared.contracts.chat import MemberForgotten
from shared.engine import Event, UnitOfWork

ERASED = "erased"


@dataclass(frozen=True, slots=True)
class EraseMembers:
    """Obeys `member.forgotten`; behind all other handlers, so that nothing of the same batch stays."""

    async def __call__(self, batch: Sequence[Event[MemberForgotten]], work: UnitOfWork) -> None:
        """Erase one after the other: a person asks for each."""
        for event in batch:
            asked = event.data
            await erase_member(
                work, event.community_id, asked.member_id, event.now, asked.requested_by, asked.reason
            )


async def erase_member(
    work: UnitOfWork, community_id: str, member_id: str, now: datetime, by: str | None, reason: str
) -> dict[str, int]:
    """Delete everything about the member; returns how many rows of each table went.

    Sanctions in force end first, by the community's clock: nobody would remember afterwards to let the member
    write again. Where nothing was kept, nothing is noted.
    """
    held = await records.in_force(work.connection, community_id, member_id)
    await lift_sanctions(held, now, by, ERASED, work)
    for sanction_id in held:
        work.cancel_timer(community_id, SANCTION_END, sanction_id)
    counts = await erasure.erase_member(work.connection, community_id, member_id)
    if any(counts.values()):
        await erasure.note_erasure(work.connection, community_id, work.now, by or "", reason, counts)
    return counts
