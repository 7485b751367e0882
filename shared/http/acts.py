"""What every request names: the community and the member, and of a write who does it and why."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Path
from pydantic import BaseModel, ConfigDict, StringConstraints

from shared.http.language import locale_of
from shared.http.problems import Kind, Refusal
from shared.i18n import Catalogue

REASON_CHARACTERS_MAX = 500
CommunityId = Annotated[str, Path(min_length=1, max_length=255)]
MemberId = Annotated[str, Path(min_length=1, max_length=255)]
Reason = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=REASON_CHARACTERS_MAX)
]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=255)]
Locale = Annotated[str, Depends(locale_of)]


class Body(BaseModel):
    """The body of a write: a field that nobody knows is a mistake."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class Because(Body):
    """Why."""

    reason: Reason


@dataclass(frozen=True, slots=True)
class Refusals:
    """A service's refusals: the sentence is `problem.<slug>` of its catalogue, filled with the members."""

    texts: Catalogue

    def __call__(self, slug: str, kind: Kind, **members: Any) -> Refusal:
        """One of them; the answer has the members, too."""
        return Refusal(
            slug, kind, lambda locale: self.texts.say(locale, f"problem.{slug}", **members), **members
        )
