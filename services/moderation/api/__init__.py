"""What people and their tools may ask of moderation, over HTTP: one module for each subject."""

from fastapi import APIRouter

from services.moderation.api import removals
from shared.postgres.connection import Pool

SUBJECTS = (removals,)


def router(pool: Pool) -> APIRouter:
    """The routes under `/v1`."""
    joined = APIRouter()
    for subject in SUBJECTS:
        joined.include_router(subject.router(pool))
    return joined
