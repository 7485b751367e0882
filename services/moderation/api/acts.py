"""What moderation's requests name, beside what those of every service do, and its refusals."""

from typing import Annotated

from fastapi import Path

from services.moderation.api.texts import TEXTS
from shared.http.acts import Because, Body, CommunityId, Locale, MemberId, Reason, Refusals
from shared.http.operator import Operator

__all__ = [
    "AppealId", "Because", "Body", "CaseId", "CommunityId", "Locale", "MemberId", "Operator", "Reason",
    "refused",
]  # fmt: skip

SERVICE = "moderation"
CaseId = Annotated[str, Path(min_length=1, max_length=255)]
AppealId = Annotated[str, Path(min_length=1, max_length=255)]
refused = Refusals(TEXTS)
