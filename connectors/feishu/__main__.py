"""`python -m connectors.feishu`: Feishu or Lark groups through an app's bot."""

from connectors.feishu.app import build
from connectors.feishu.settings import Settings
from connectors.sdk.process import run
from shared.http.process import serve

if __name__ == "__main__":
    settings = Settings()
    run(settings, serve(build(settings), settings.api_host, settings.api_port))
