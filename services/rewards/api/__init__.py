"""What people and their tools may ask of rewards, over HTTP: one module for each subject."""

from fastapi import APIRouter

from services.rewards.api import (
    acts,
    adjustments,
    awards,
    fulfilments,
    gifts,
    giveaways,
    ideas,
    ledger,
    links,
    members,
    months,
    redemptions,
    referrals,
    reviews,
    rules,
)
from services.rewards.api.keys import Keys
from shared.postgres.connection import Pool

# Routes are tried in their order: what comes in crowds stands first.
SUBJECTS = (
    redemptions, rules, gifts, months, ideas, referrals, adjustments, giveaways, reviews, members, links,
        ledger, acts,
)  # fmt: skip
NO_KEYS = Keys()

__all__ = ["Keys", "router"]


def router(pool: Pool, keys: Keys = NO_KEYS) -> APIRouter:
    """The routes under `/v1`."""
    joined = APIRouter()
    for subject in SUBJECTS:
        joined.include_router(subject.router(pool))
    joined.include_router(awards.router(pool, keys))
    joined.include_router(fulfilments.router(pool, keys))
    return joined
