"""`python -m connectors.qq`: QQ groups through a bot of QQ's open platform."""

from connectors.qq.app import build
from connectors.qq.settings import Settings
from connectors.sdk.process import run
from shared.http.process import serve

if __name__ == "__main__":
    settings = Settings()
    run(settings, serve(build(settings), settings.api_host, settings.api_port))
