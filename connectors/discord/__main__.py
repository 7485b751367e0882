"""`python -m connectors.discord`: channels of Discord servers through a bot of their own."""

from connectors.discord.app import build
from connectors.discord.settings import Settings
from connectors.sdk.process import run
from shared.http.process import serve

if __name__ == "__main__":
    settings = Settings()
    run(settings, serve(build(settings), settings.api_host, settings.api_port))
