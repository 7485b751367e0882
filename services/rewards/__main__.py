"""`python -m services.rewards`: the service as a process."""

from services.rewards.app import build
from services.rewards.settings import Settings
from shared.http.service import run

if __name__ == "__main__":
    run(build, Settings())
