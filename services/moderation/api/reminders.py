"""Reminders of rules over HTTP: when a community wants them."""

from datetime import time
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.moderation.api.acts import Body, CommunityId, Operator, Reason, refused
from services.moderation.domain.reminders import Reminders
from services.moderation.handlers.remind_of_rules import reminding
from services.moderation.store import reminders as store
from shared.engine.community import load_community
from shared.engine.requests import request_work
from shared.http.problems import Kind
from shared.postgres.connection import Pool

Weekday = Annotated[int, Field(ge=1, le=7)]


class ReminderSettings(BaseModel):
    """When a community is reminded of its rules."""

    is_on: bool
    days: list[int]
    """Days of the week, Monday 1; while ads rise, every day with ads is one."""
    at: time
    """In the community's own time; in its quiet hours nothing is said."""
    version: int

    @classmethod
    def of(cls, settings: Reminders) -> "ReminderSettings":
        """As the domain has them."""
        return cls(is_on=settings.is_on, days=list(settings.days), at=settings.at, version=settings.version)


class ReminderChange(Body):
    """New settings in place of those of a version; another hour holds from the next evening on."""

    is_on: bool
    days: list[Weekday] = Field(max_length=7)
    at: time
    version: int
    """The version that was shown."""
    reason: Reason


def router(pool: Pool) -> APIRouter:
    """The routes under `/v1/communities/{community_id}`."""
    routes = APIRouter(prefix="/v1/communities/{community_id}", tags=["care"])

    @routes.get("/reminders")
    async def reminders(community_id: CommunityId) -> ReminderSettings:
        """When the community is reminded of its rules."""
        async with pool.acquire() as connection:
            settings = await store.load_reminders(connection, [community_id])
        return ReminderSettings.of(settings[community_id])

    @routes.put("/reminders")
    async def change(community_id: CommunityId, change: ReminderChange, by: Operator) -> ReminderSettings:
        """Change when it is reminded, unless somebody else did meanwhile."""
        at, days = change.at.replace(tzinfo=None), sorted(set(change.days))
        async with request_work(pool, "moderation", community_id) as work:
            version = await store.change_reminders(
                work.connection, community_id, change.version, (change.is_on, days, at), by, change.reason
            )
            if version is None:
                known = await store.load_reminders(work.connection, [community_id])
                raise refused("reminders-changed", Kind.CONFLICT, version=known[community_id].version)
            community = await load_community(work.connection, community_id)
            tonight = Reminders(change.is_on, tuple(days), at).next_evening(
                community.now(work.now), community.profile.zone
            )
            work.set_timer(reminding(community_id, tonight))
        return ReminderSettings(is_on=change.is_on, days=days, at=at, version=version)

    return routes
