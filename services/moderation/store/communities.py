"""What moderation knows of a community: its profile and its clock."""

from shared.contracts.profiles import CommunityProfile
from shared.engine.community import Community, unknown
from shared.postgres.connection import Connection

LOAD_COMMUNITY = "SELECT profile, mode, event_clock FROM community WHERE community_id = $1"


async def load_community(connection: Connection, community_id: str) -> Community:
    """The community; the defaults where nothing was received of it."""
    row = await connection.fetchrow(LOAD_COMMUNITY, community_id)
    if row is None:
        return unknown(community_id)
    known = row["profile"] is not None
    profile = CommunityProfile.model_validate_json(row["profile"]) if known else unknown(community_id).profile
    return Community(profile, row["mode"], row["event_clock"], is_known=known)
