"""Appeals: to read."""

from fastapi import APIRouter

from shared.postgres.connection import Pool


def router(pool: Pool) -> APIRouter:
    """The routes of appeals."""
    return APIRouter()
