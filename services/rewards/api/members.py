"""What a member has reached, over HTTP: level, title, badges, invitation code."""

from datetime import UTC, datetime

from fastapi import APIRouter
from pydantic import BaseModel

from services.rewards.api.paths import PREFIX, Because, CommunityId, Locale, MemberId, Operator
from services.rewards.api.texts import TEXTS
from services.rewards.domain.invite_code import invite_code
from services.rewards.handlers.erase_members import erase_member
from services.rewards.store import answers, levels
from services.rewards.store.rules import load_books
from shared.engine import load_community, request_work
from shared.postgres.connection import Pool


class BadgeShown(BaseModel):
    """A badge and since when it is a member's."""

    badge: str
    earned_at: datetime


class LevelShown(BaseModel):
    """A member's level by what was earned, whatever of it is spent."""

    level: int
    title: str
    privileges: list[str]
    earned: int
    next_at: int | None
    """The points of the next level; none above the highest."""
    grace_until: datetime | None
    """Until then a level is kept whose points are gone."""
    badges: list[BadgeShown]


class CodeShown(BaseModel):
    """A member's own invitation code."""

    code: str


class Erased(BaseModel):
    """How many rows of each table went, or lost the name."""

    rows: dict[str, int]


def router(pool: Pool) -> APIRouter:
    """The routes of one member."""
    routes = APIRouter(prefix=PREFIX + "/members", tags=["members"])
    _add_level(routes, pool)
    _add_acts(routes, pool)
    return routes


def _add_level(routes: APIRouter, pool: Pool) -> None:
    @routes.get("/{member_id:path}/level")
    async def level(community_id: CommunityId, member_id: MemberId, locale: Locale) -> LevelShown:
        """Level, title, and how far it is to the next."""
        async with pool.acquire() as connection:
            row = await levels.of_member(connection, community_id, member_id)
            now = (await load_community(connection, community_id)).now(datetime.now(UTC))
            rules = (await load_books(connection, [community_id])).at(community_id, now)
            badges = await levels.badges(connection, community_id, member_id)
        known = rules.levels[: row["level"]]
        higher = [each.points for each in rules.levels if each.points > row["earned"]]
        shipped = TEXTS.say(locale, "level.title", level=row["level"]) if row["level"] else ""
        return LevelShown(
            level=row["level"],
            title=(known[-1].title if known else "") or shipped,
            privileges=list(known[-1].privileges) if known else [],
            earned=row["earned"],
            next_at=higher[0] if higher else None,
            grace_until=row["grace_until"],
            badges=[BadgeShown(badge=each["badge"], earned_at=each["earned_at"]) for each in badges],
        )


def _add_acts(routes: APIRouter, pool: Pool) -> None:
    @routes.post("/{member_id:path}/invite-code")
    async def code(community_id: CommunityId, member_id: MemberId) -> CodeShown:
        """The code by which a member invites; the same whenever it is asked for."""
        made = invite_code(community_id, member_id)
        async with pool.acquire() as connection:
            await answers.add_codes(connection, [(community_id, made, member_id)])
        return CodeShown(code=made)

    @routes.post("/{member_id:path}/erase")
    async def erase(
        community_id: CommunityId, member_id: MemberId, operator: Operator, because: Because
    ) -> Erased:
        """Forget the member for ever; in the books a name that means nothing takes their place."""
        async with request_work(pool, "rewards", community_id) as work:
            return Erased(rows=await erase_member(work, community_id, member_id, operator, because.reason))
