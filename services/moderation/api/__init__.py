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
    word_lists,
)
from services.moderation.api.texts import TEXTS
from services.moderation.handlers.rulebooks import RuleBooks
from services.moderation.handlers.verdicts import Judge
from services.moderation.store.recorded_log import RecordedLog
from shared.postgres.connection import Pool

SUBJECTS = (sanctions, members, lists, joins, reminders, cleaning, warnings, disputes)


def router(pool: Pool, log: RecordedLog | None = None) -> APIRouter:
    """The routes under `/v1`; without a log cases show the texts that were at hand."""
    books = RuleBooks.load()
    judge = Judge(TEXTS, books)
    joined = APIRouter()
    joined.include_router(removals.router(pool, books))
    joined.include_router(policies.router(pool, books))
    joined.include_router(word_lists.router(pool, books))
    joined.include_router(cases.router(pool, log))
    joined.include_router(verdicts.router(pool, judge))
    joined.include_router(appeals.router(pool, judge))
    for subject in SUBJECTS:
        joined.include_router(subject.router(pool))
    return joined
