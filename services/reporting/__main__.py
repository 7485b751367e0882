"""Runs the service: `python -m services.reporting`."""

from services.reporting.app import build
from services.reporting.settings import Settings
from shared.http.service import run

if __name__ == "__main__":
    run(build, Settings())
