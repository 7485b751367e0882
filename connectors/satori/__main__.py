"""`python -m connectors.satori`: any platform that a Satori server speaks with."""

from connectors.satori.app import build
from connectors.satori.settings import Settings
from connectors.sdk.process import run
from shared.http.process import serve

if __name__ == "__main__":
    settings = Settings()
    run(settings, serve(build(settings), settings.api_host, settings.api_port))
