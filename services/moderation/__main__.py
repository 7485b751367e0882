"""`python -m services.moderation`: the service as a process."""

from services.moderation.app import build
from services.moderation.settings import Settings
from shared.http.service import run

if __name__ == "__main__":
    run(build, Settings())
