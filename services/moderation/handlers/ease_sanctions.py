"""Eases mutes that stand on points which a person has made void, as if these had never been."""

from collections.abc import Collection
from datetime import datetime

from services.moderation.domain.ladder import points_at
from services.moderation.domain.message import Key
from services.moderation.domain.policy import Ladder
from services.moderation.handlers.end_sanctions import lift_sanctions
from services.moderation.handlers.sanction_members import SANCTION_END
from services.moderation.store import desk as store
from services.moderation.store.sanctions import load_strikes
from shared.engine import Timer, UnitOfWork


async def ease_sanctions(
    members: Collection[Key], ladder: Ladder, now: datetime, by: str, reason: str, work: UnitOfWork
) -> int:
    """Lift or shorten the members' mutes to what their points give now; returns how many were lifted.

    The member is never held longer: only what is milder is applied.
    """
    strikes = await load_strikes(work.connection, members)
    over: list[str] = []
    for row in await store.mutes_of(work.connection, members, now):
        member = row["community_id"], row["member_id"]
        step = ladder.step(points_at(strikes[member], row["applied_at"], ladder.decay_days))
        mute = ladder.mute(step) if step else None
        until = row["applied_at"] + mute if mute else now
        if until <= now:
            over.append(row["sanction_id"])
            work.cancel_timer(member[0], SANCTION_END, row["sanction_id"])
        elif until < row["until"]:
            await store.shorten(work.connection, row["sanction_id"], until)
            work.set_timer(Timer(member[0], SANCTION_END, until, row["sanction_id"]))
    return len(await lift_sanctions(sorted(over), now, by, reason, work)) if over else 0
