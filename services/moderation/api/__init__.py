"""What people and their tools may ask of moderation, over HTTP."""

from fastapi import APIRouter

from services.moderation.api import appeals, cases, removals, verdicts
from services.moderation.api.paths import TEXTS
from services.moderation.handlers.rulebooks import RuleBooks
from services.moderation.handlers.verdicts import Judge
from shared.postgres.connection import Pool


def router(pool: Pool) -> APIRouter:
    """All routes of the service."""
    routes = APIRouter()
    books = RuleBooks.load()
    judge = Judge(TEXTS, books)
    parts = (
        removals.router(pool, books),
        cases.router(pool),
        verdicts.router(pool, judge),
        appeals.router(pool, judge),
    )
    for part in parts:
        routes.include_router(part)
    return routes
