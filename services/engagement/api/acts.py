"""What engagement's requests name, beside what those of every service do, its refusals, its clock."""

from datetime import UTC, datetime
from pathlib import Path as File
from typing import Annotated

from fastapi import Path
from pydantic import StringConstraints

from shared.engine import load_community
from shared.engine.community import Community
from shared.http.acts import Because, Body, CommunityId, MemberId, Name, Reason, Refusals
from shared.http.operator import Operator
from shared.i18n import Catalogue
from shared.postgres.connection import Connection

__all__ = [
    "SERVICE", "Because", "Body", "CommunityId", "ItemId", "MemberId", "Name", "Operator", "Reason",
    "refused",
]  # fmt: skip

SERVICE = "engagement"
TEXTS = Catalogue.load(File(__file__).parents[1] / "locale")
ItemId = Annotated[str, Path(min_length=1, max_length=255)]
Said = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]
refused = Refusals(TEXTS)


async def community_now(connection: Connection, community_id: str) -> tuple[Community, datetime]:
    """The community, and its clock."""
    community = await load_community(connection, community_id)
    return community, community.now(datetime.now(UTC))
