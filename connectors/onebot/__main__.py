"""`python -m connectors.onebot`: QQ groups through an implementation of OneBot v11 that connects to us."""

from connectors.onebot.app import build
from connectors.onebot.settings import Settings
from connectors.sdk.process import run
from shared.http.process import serve

if __name__ == "__main__":
    settings = Settings()
    run(settings, serve(build(settings), settings.api_host, settings.api_port, websockets=True))
