"""A community's choices over HTTP: switches and numbers of every feature."""

from dataclasses import asdict
from datetime import time
from typing import Annotated

from fastapi import APIRouter
from pydantic import AfterValidator, BaseModel, Field

from services.engagement.api.acts import Body, CommunityId, Operator, Reason, refused
from services.engagement.store import choices as store
from shared.http.problems import Kind
from shared.postgres.connection import Pool


def _clock(text: str) -> str:
    return f"{time.fromisoformat(text):%H:%M}"


Clock = Annotated[str, Field(pattern=r"^\d\d:\d\d$"), AfterValidator(_clock)]


class ChoicesShown(BaseModel):
    """What the community chose; what nobody changed has its starting value."""

    choices: dict[str, bool | int | float | str]
    version: int


class ChoicesChange(Body):
    """Some new values, in place of those of a version; what is left out stays."""

    warmup_on: bool | None = None
    warmups_a_day: Annotated[int, Field(ge=0, le=24)] | None = None
    warmups_a_week: Annotated[int, Field(ge=0, le=100)] | None = None
    holdout_share: Annotated[float, Field(ge=0, le=0.5)] | None = None
    active_from: Clock | None = None
    active_until: Clock | None = None
    silent_minutes_min: Annotated[int, Field(ge=15, le=24 * 60)] | None = None
    gap_factor: Annotated[float, Field(ge=1, le=100)] | None = None
    resume_share_max: Annotated[float, Field(ge=0, le=1)] | None = None
    posts_a_day: Annotated[int, Field(ge=1, le=100)] | None = None
    approve_first: bool | None = None
    best_hour: bool | None = None
    openers_on: bool | None = None
    welcome_on: bool | None = None
    welcome_channel_id: Annotated[str, Field(max_length=255)] | None = None
    questions_on: bool | None = None
    win_back_on: bool | None = None
    win_backs_a_week: Annotated[int, Field(ge=0, le=1000)] | None = None
    care_on: bool | None = None
    same_city_min: Annotated[int, Field(ge=2, le=1000)] | None = None
    version: int
    """The version that was shown."""
    reason: Reason


def router(pool: Pool) -> APIRouter:
    """The routes under `/v1/communities/{community_id}`."""
    routes = APIRouter(prefix="/v1/communities/{community_id}", tags=["choices"])

    @routes.get("/choices")
    async def choices(community_id: CommunityId) -> ChoicesShown:
        """What the community chose of engagement."""
        known, version = (await store.load_choices(pool, [community_id]))[community_id]
        return ChoicesShown(choices=asdict(known), version=version)

    @routes.patch("/choices")
    async def change(community_id: CommunityId, change: ChoicesChange, by: Operator) -> ChoicesShown:
        """Change some of it, unless somebody else did meanwhile."""
        values = change.model_dump(exclude={"version", "reason"}, exclude_none=True)
        async with pool.acquire() as connection, connection.transaction():
            known, version = (await store.load_choices(connection, [community_id]))[community_id]
            wanted = known.changed(values)
            saved = await store.change_choices(
                connection, community_id, change.version, wanted, by, change.reason
            )
            if saved is None:
                raise refused("choices-changed", Kind.CONFLICT, version=version)
        return ChoicesShown(choices=asdict(wanted), version=saved)

    return routes
