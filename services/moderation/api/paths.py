"""Parts of moderation's paths, and the texts of its refusals."""

from pathlib import Path as File
from typing import Annotated, Any

from fastapi import Path

from shared.http.problems import Kind, Refusal
from shared.i18n import Catalogue

CommunityId = Annotated[str, Path(min_length=1, max_length=255)]
CaseId = Annotated[str, Path(min_length=1, max_length=255)]
AppealId = Annotated[str, Path(min_length=1, max_length=255)]
SERVICE = "moderation"
TEXTS = Catalogue.load(File(__file__).parents[1] / "locale")


def refused(slug: str, kind: Kind, **members: Any) -> Refusal:
    """A refusal whose sentence is in moderation's catalogue."""
    return Refusal(slug, kind, lambda locale: TEXTS.say(locale, f"problem.{slug}"), **members)
