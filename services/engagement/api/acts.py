"""What every request names: the community, and of a write who does it and why."""

from datetime import UTC, datetime
from pathlib import Path as File
from typing import Annotated, Any

from fastapi import Path
from pydantic import BaseModel, ConfigDict, StringConstraints

from shared.engine import load_community
from shared.engine.community import Community
from shared.http.operator import Operator
from shared.http.problems import Kind, Refusal
from shared.i18n import Catalogue
from shared.postgres.connection import Connection

__all__ = ["SERVICE", "Because", "Body", "CommunityId", "ItemId", "MemberId", "Operator", "Reason", "refused"]

SERVICE = "engagement"
TEXTS = Catalogue.load(File(__file__).parents[1] / "locale")
REASON_CHARACTERS_MAX = 500
CommunityId = Annotated[str, Path(min_length=1, max_length=255)]
MemberId = Annotated[str, Path(min_length=1, max_length=255)]
ItemId = Annotated[str, Path(min_length=1, max_length=255)]
Reason = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=REASON_CHARACTERS_MAX)
]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=255)]
Said = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]


class Body(BaseModel):
    """The body of a write: a field that nobody knows is a mistake."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class Because(Body):
    """Why."""

    reason: Reason


def refused(slug: str, kind: Kind, **members: Any) -> Refusal:
    """A refusal whose sentence is `problem.<slug>` of the catalogue, filled with the members."""
    return Refusal(slug, kind, lambda locale: TEXTS.say(locale, f"problem.{slug}", **members), **members)


async def community_now(connection: Connection, community_id: str) -> tuple[Community, datetime]:
    """The community, and its clock."""
    community = await load_community(connection, community_id)
    return community, community.now(datetime.now(UTC))
