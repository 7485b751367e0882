"""`python -m services.engagement`: the service as a process."""

from services.engagement.app import build
from services.engagement.settings import Settings
from shared.http.service import run

if __name__ == "__main__":
    run(build, Settings())
