"""What rewards' requests name, beside what those of every service do, and its refusals."""

from typing import Annotated

from fastapi import Path

from services.rewards.api.texts import TEXTS
from shared.http.acts import Because, Body, CommunityId, Locale, MemberId, Name, Reason, Refusals
from shared.http.operator import Operator

__all__ = [
    "Because", "Body", "CommunityId", "Locale", "MemberId", "Month", "Name", "Operator", "Reason", "refused",
]  # fmt: skip

SERVICE = "rewards"
POINTS_MAX = 1_000_000_000
MONTH_PATTERN = r"^[1-9][0-9]{3}-(0[1-9]|1[0-2])$"
Month = Annotated[str, Path(pattern=MONTH_PATTERN, description="such as 2024-03")]
PREFIX = "/v1/communities/{community_id:path}"
refused = Refusals(TEXTS)
