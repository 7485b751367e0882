"""`python -m connectors.milky`: QQ groups through an implementation of Milky."""

from connectors.milky.app import build
from connectors.milky.settings import Settings
from connectors.sdk.process import run
from shared.http.process import serve

if __name__ == "__main__":
    settings = Settings()
    run(settings, serve(build(settings), settings.api_host, settings.api_port))
