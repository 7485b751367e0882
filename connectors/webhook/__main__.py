"""`python -m connectors.webhook`: signed HTTP for bots in any language."""

from connectors.sdk.process import run
from connectors.webhook.app import build
from connectors.webhook.settings import Settings
from shared.http.process import serve

if __name__ == "__main__":
    settings = Settings()
    run(settings, serve(build(settings), settings.api_host, settings.api_port))
