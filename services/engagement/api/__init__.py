"""What people and their tools may ask of engagement, over HTTP: one module for each subject."""

from fastapi import APIRouter

from services.engagement.api import (
    calendar,
    campaigns,
    channels,
    checkins,
    choices,
    forms,
    gatherings,
    people,
    posts,
    questions,
    topics,
    warmups,
)
from shared.postgres.connection import Pool

SUBJECTS = (
    checkins,
    calendar,
    campaigns,
    choices,
    channels,
    warmups,
    topics,
    posts,
    people,
    questions,
    gatherings,
    forms,
)


def router(pool: Pool) -> APIRouter:
    """The routes under `/v1`."""
    joined = APIRouter()
    for subject in SUBJECTS:
        joined.include_router(subject.router(pool))
    return joined
