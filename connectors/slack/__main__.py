"""`python -m connectors.slack`: Slack channels through an app of their own."""

from connectors.sdk.process import run
from connectors.slack.app import build
from connectors.slack.settings import Settings
from shared.http.process import serve

if __name__ == "__main__":
    settings = Settings()
    run(settings, serve(build(settings), settings.api_host, settings.api_port))
