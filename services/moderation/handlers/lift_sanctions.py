"""A person overrules a sanction: what it led to is undone, and its member is told."""

from datetime import timedelta

import asyncpg

from services.moderation.handlers.end_sanctions import lift_sanctions
from services.moderation.handlers.sanction_members import SANCTION_END
from services.moderation.store import records
from services.moderation.store.communities import load_community
from shared.contracts.commands import SendMessage
from shared.engine import UnitOfWork
from shared.i18n import Catalogue

LIFTED = "sanction_lifted"
COMMAND_VALID = timedelta(days=1)


class NoSanction(Exception):
    """The community has no such sanction."""


class AlreadyLifted(Exception):
    """It ended before; `row` says when, and by whom where it was a person."""

    def __init__(self, row: asyncpg.Record) -> None:
        super().__init__(row["sanction_id"])
        self.row = row


async def overrule_sanction(
    work: UnitOfWork, texts: Catalogue, community_id: str, sanction_id: str, by: str, reason: str
) -> None:
    """Lift it, void its strike, take its timer back, let the member write and say so.

    Raises `NoSanction` or `AlreadyLifted`. Of two at once the later finds it lifted by the other.
    """
    community = await load_community(work.connection, community_id)
    at = community.now(work.now)
    known = await records.sanction(work.connection, community_id, sanction_id)
    if known is None:
        raise NoSanction(sanction_id)
    if not await lift_sanctions([sanction_id], at, by, reason, work):
        ended = await records.sanction(work.connection, community_id, sanction_id)
        assert ended is not None
        raise AlreadyLifted(ended)
    member_id, case_id = known["member_id"], known["case_id"]
    await records.void_strike(work.connection, community_id, member_id, case_id, at)
    work.cancel_timer(community_id, SANCTION_END, sanction_id)
    channel_id = await records.channel_of_case(work.connection, case_id, member_id)
    text = texts.say(community.profile.locale, "lifted.member")
    to = channel_id if channel_id and not community.profile.can(channel_id, "direct") else None
    work.publish(
        SendMessage(
            community_id=community_id, channel_id=to, member_id=member_id, text=text, purpose=LIFTED,
            cause_id=sanction_id, expires_at=at + COMMAND_VALID,
        ),
        at,
    )  # fmt: skip
