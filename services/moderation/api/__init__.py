"""What people and their tools may ask of moderation, over HTTP."""

from fastapi import APIRouter

from services.moderation.api import appeals, cases, removals, verdicts
from shared.postgres.connection import Pool


def router(pool: Pool) -> APIRouter:
    """All routes of the service."""
    routes = APIRouter()
    for part in (removals, cases, verdicts, appeals):
        routes.include_router(part.router(pool))
    return routes
