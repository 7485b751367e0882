"""What people and their tools may ask of rewards, over HTTP: one module for each subject."""

from fastapi import APIRouter

from services.rewards.api import ledger, months, rules
from shared.postgres.connection import Pool

SUBJECTS = (rules, months, ledger)


def router(pool: Pool) -> APIRouter:
    """The routes under `/v1`."""
    joined = APIRouter()
    for subject in SUBJECTS:
        joined.include_router(subject.router(pool))
    return joined
