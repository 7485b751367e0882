"""What every request names: the community and the member, and of a write who does it and why."""

from typing import Annotated, Any

from fastapi import Depends, Header, Path
from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints

from services.rewards.api.texts import TEXTS
from shared.http.language import locale_of
from shared.http.problems import Kind, Refusal

SERVICE = "rewards"
REASON_CHARACTERS_MAX = 500
POINTS_MAX = 1_000_000_000
CommunityId = Annotated[str, Path(min_length=1, max_length=255)]
MemberId = Annotated[str, Path(min_length=1, max_length=255)]
MONTH_PATTERN = r"^[1-9][0-9]{3}-(0[1-9]|1[0-2])$"
Month = Annotated[str, Path(pattern=MONTH_PATTERN, description="such as 2024-03")]
PREFIX = "/v1/communities/{community_id:path}"


def _in_utf8(header: str) -> str:
    """Headers come as Latin-1; names beyond it are sent as UTF-8."""
    try:
        return header.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return header


Operator = Annotated[
    str,
    AfterValidator(_in_utf8),
    Header(alias="X-Operator", min_length=1, max_length=255, description="Id of the person who does it."),
]
Reason = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=REASON_CHARACTERS_MAX)
]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=255)]
Locale = Annotated[str, Depends(locale_of)]


class Body(BaseModel):
    """The body of a write: a field that nobody knows is a mistake, and so is a number as text."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class Because(Body):
    """Why."""

    reason: Reason


def refused(slug: str, kind: Kind, **members: Any) -> Refusal:
    """A refusal whose sentence is `problem.<slug>` of the catalogue, filled with the members."""
    return Refusal(slug, kind, lambda locale: TEXTS.say(locale, f"problem.{slug}", **members), **members)
