"""`python -m connectors.telegram`: Telegram groups through a bot of their own."""

from connectors.sdk.process import run
from connectors.telegram.app import build
from connectors.telegram.settings import Settings
from shared.http.process import serve

if __name__ == "__main__":
    settings = Settings()
    run(settings, serve(build(settings), settings.api_host, settings.api_port))
