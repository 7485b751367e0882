"""Lifts sanctions: when their time has passed, or when a person says so."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg

from services.moderation.store import sanctions as store
from shared.contracts.commands import UnmuteMember
from shared.contracts.moderation import SanctionLifted
from shared.engine import DueTimer, UnitOfWork

EXPIRED = "expired"
COMMAND_VALID = timedelta(days=1)
"""A member must not stay mute because a connector was away for an hour."""


@dataclass(frozen=True, slots=True)
class EndSanctions:
    """Timed sanctions end even if everything was down at their moment: the timer waits in the database."""

    async def __call__(self, due: Sequence[DueTimer], work: UnitOfWork) -> None:
        """Lift what is still in force."""
        for moment in sorted({each.timer.due_at for each in due}):
            ids = sorted({each.timer.key for each in due if each.timer.due_at == moment})
            await lift_sanctions(ids, moment, None, EXPIRED, work)


async def lift_sanctions(
    sanction_ids: Sequence[str], at: datetime, by: str | None, reason: str, work: UnitOfWork
) -> list[asyncpg.Record]:
    """Lift those that are in force, tell the world, and let their members write again; returns those.

    A member whom another mute holds stays mute.
    """
    lifted = await store.lift(work.connection, sanction_ids, at, by, reason)
    muted = [row for row in lifted if row["how"] == "muted"]
    held = await store.still_muted(
        work.connection, [(row["community_id"], row["member_id"], at) for row in muted]
    ) if muted else set()  # fmt: skip
    for row in lifted:
        work.publish(
            SanctionLifted(
                community_id=row["community_id"],
                sanction_id=row["sanction_id"],
                member_id=row["member_id"],
                lifted_by=by,
                reason=reason,
            ),
            at,
        )
    _unmute((row for row in muted if (row["community_id"], row["member_id"]) not in held), at, reason, work)
    return lifted


def _unmute(rows: Iterable[asyncpg.Record], at: datetime, reason: str, work: UnitOfWork) -> None:
    for row in rows:
        work.publish(
            UnmuteMember(
                community_id=row["community_id"],
                member_id=row["member_id"],
                purpose="sanction_end",
                cause_id=row["sanction_id"],
                expires_at=at + COMMAND_VALID,
                reason=reason if reason != EXPIRED else "",
            ),
            at,
        )
