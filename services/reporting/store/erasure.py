"""Forgets members: counts stay under an alias; names, texts and letters that hold them go."""

from datetime import datetime

from shared.engine.erasure import erase_rows
from shared.postgres.connection import Connection

FORGET = """
    INSERT INTO forgotten (community_id, alias, forgotten_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING
"""
RENAME_FACTS = "UPDATE fact SET member_id = $3 WHERE community_id = $1 AND member_id = $2"
RENAME_OTHERS = "UPDATE fact SET other_member_id = $3 WHERE community_id = $1 AND other_member_id = $2"
RENAME_PERIODS = "UPDATE member_period SET member_id = $3 WHERE community_id = $1 AND member_id = $2"
RENAME_MEMBER = """
    UPDATE member SET member_id = $3, name = NULL, named_at = NULL WHERE community_id = $1 AND member_id = $2
"""
RENAME_INVITERS = "UPDATE member SET invited_by = $3 WHERE community_id = $1 AND invited_by = $2"
RENAME_PRESENCES = "UPDATE presence SET member_id = $3 WHERE community_id = $1 AND member_id = $2"
RENAME_OPENERS = "UPDATE thread SET opened_by = $3 WHERE community_id = $1 AND opened_by = $2"
RENAME_ANSWERERS = "UPDATE thread SET answered_by = $3 WHERE community_id = $1 AND answered_by = $2"
ERASE_TEXTS = "DELETE FROM message_text WHERE community_id = $1 AND member_id = $2"
ERASE_WISHES = "DELETE FROM opted_out WHERE community_id = $1 AND member_id = $2"
RENAMING = (
    RENAME_FACTS,
    RENAME_OTHERS,
    RENAME_PERIODS,
    RENAME_MEMBER,
    RENAME_INVITERS,
    RENAME_PRESENCES,
    RENAME_OPENERS,
    RENAME_ANSWERERS,
)
ERASING = (("message_text", ERASE_TEXTS), ("opted_out", ERASE_WISHES))
OPT_OUT = """
    INSERT INTO opted_out (community_id, member_id, opted_by) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING
"""
OPT_IN = "DELETE FROM opted_out WHERE community_id = $1 AND member_id = $2"


async def forget(connection: Connection, community_id: str, member_id: str, alias: str, at: datetime) -> None:
    """Leave nothing that names the member; what was counted stays."""
    await connection.execute(FORGET, community_id, alias, at)
    for statement in RENAMING:
        await connection.execute(statement, community_id, member_id, alias)
    await erase_rows(connection, ERASING, community_id, member_id)


async def opt_out(connection: Connection, community_id: str, member_id: str, by: str) -> None:
    """Keep no text of the member and name them in no list."""
    await connection.execute(OPT_OUT, community_id, member_id, by)
    await connection.execute(ERASE_TEXTS, community_id, member_id)


async def opt_in(connection: Connection, community_id: str, member_id: str) -> None:
    """Take that back."""
    await connection.execute(OPT_IN, community_id, member_id)
