"""Why a bot's request is refused, in its own catalogue."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from shared.http.problems import Kind, Refusal
from shared.i18n import Catalogue

TEXTS = Catalogue.load(Path(__file__).parent / "locale")


def refuse(slug: str, kind: Kind, *, headers: Mapping[str, str] | None = None, **members: Any) -> Refusal:
    """A refusal whose detail is in the catalogue."""
    return Refusal(slug, kind, lambda locale: TEXTS.say(locale, f"detail.{slug}"), headers=headers, **members)
