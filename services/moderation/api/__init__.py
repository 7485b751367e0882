"""What people and their tools may ask of moderation, over HTTP: one module for each subject."""

from fastapi import APIRouter

from services.moderation.api import (
    appeals,
    cases,
    cleaning,
    disputes,
    joins,
    lists,
    members,
    policies,
    reminders,
    removals,
    sanctions,
    verdicts,
    warnings,
)
from services.moderation.api.paths import TEXTS
from services.moderation.handlers.rulebooks import RuleBooks
from services.moderation.handlers.verdicts import Judge
from shared.postgres.connection import Pool

SUBJECTS = (
    removals,
    cases,
    verdicts,
    appeals,
    policies,
    sanctions,
    members,
    lists,
    joins,
    reminders,
    cleaning,
    warnings,
    disputes,
)


def router(pool: Pool) -> APIRouter:
    """The routes under `/v1`."""
    joined = APIRouter()
    for subject in SUBJECTS:
        joined.include_router(subject.router(pool))
    return joined
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
