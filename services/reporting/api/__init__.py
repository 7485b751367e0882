"""Reporting over HTTP: communities, metrics, days, reports and reconciliation. It only reads."""

from services.reporting.api.routes import CONSUMER_GROUP, router

__all__ = ["CONSUMER_GROUP", "router"]
