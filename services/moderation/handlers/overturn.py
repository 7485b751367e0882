"""Undoes what followed from a case that a person overturned: removals, sanctions, points, marks."""

from typing import NamedTuple

from services.moderation.domain.case_file import CaseFile
from services.moderation.domain.policy import Ladder
from services.moderation.handlers.ease_sanctions import ease_sanctions
from services.moderation.handlers.end_sanctions import lift_sanctions
from services.moderation.handlers.sanction_members import SANCTION_END
from services.moderation.store import desk as store
from shared.contracts.moderation import MessageRestored
from shared.engine import Community, UnitOfWork


class Undone(NamedTuple):
    """How much was taken back."""

    messages: int
    sanctions: int
    strikes: int


async def overturn(case: CaseFile, community: Community, ladder: Ladder, work: UnitOfWork) -> Undone:
    """Take everything back, in the transaction of the verdict; what another case confirms stays."""
    now = community.now(work.now)
    assert case.resolved_by is not None
    restored = await store.restore(work.connection, case, now)
    for each in restored:
        work.publish(
            MessageRestored(
                community_id=case.community_id,
                message_id=each.message_id,
                member_id=each.member_id,
                channel_id=each.channel_id,
                decision=each.decision,
                posted_at=each.posted_at,
                restored_by=case.resolved_by,
                reason=case.reason,
            ),
            now,
        )
    strikes = await store.void_strikes(work.connection, case.case_id, now)
    in_force = await store.sanctions_in_force(work.connection, case.case_id)
    lifted = await lift_sanctions(in_force, now, case.resolved_by, case.reason, work)
    for row in lifted:
        work.cancel_timer(row["community_id"], SANCTION_END, row["sanction_id"])
    eased = 0
    if strikes:
        eased = await ease_sanctions(strikes, ladder, now, case.resolved_by, case.reason, work)
    await store.clear_marks(work.connection, case.community_id, restored)
    return Undone(len(restored), len(lifted) + eased, len(strikes))
