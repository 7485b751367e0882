"""Forgets members when their community announces that they asked for it."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.engagement.handlers.newcomers import WATCH_INTRODUCTION
from services.engagement.store import erasure
from shared.contracts.chat import MemberForgotten
from shared.engine import Event, UnitOfWork

ENGINE = "hearth"


@dataclass(frozen=True, slots=True)
class ForgetMembers:
    """The last of the routes: what the same batch told of a member before goes too."""

    async def __call__(self, batch: Sequence[Event[MemberForgotten]], work: UnitOfWork) -> None:
        """One after the other, since it is seldom; a request that was obeyed is not obeyed again."""
        for event in batch:
            data = event.data
            if await erasure.is_done(work.connection, data.community_id, data.request_id):
                continue
            counts = await erasure.erase_member(work.connection, data.community_id, data.member_id)
            work.cancel_timer(data.community_id, WATCH_INTRODUCTION, data.member_id)
            await erasure.note_erasure(
                work.connection, data.community_id, event.occurred_at, data.requested_by or ENGINE,
                data.reason, counts, data.request_id,
            )  # fmt: skip
