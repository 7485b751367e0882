"""Reporting over HTTP: communities, metrics, days, reports and reconciliation."""

from fastapi import APIRouter

from services.reporting.api import numbers, people, reports, settings
from services.reporting.api.asking import TEXTS
from services.reporting.api.numbers import CONSUMER_GROUP
from shared.postgres.connection import Pool

__all__ = ["CONSUMER_GROUP", "TEXTS", "router"]


def router(pool: Pool) -> APIRouter:
    """All routes of the service."""
    routes = APIRouter()
    for part in (numbers, people, reports, settings):
        routes.include_router(part.router(pool))
    return routes
