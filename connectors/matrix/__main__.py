"""`python -m connectors.matrix`: an application service of a Matrix homeserver.

`python -m connectors.matrix registration` prints the file that the homeserver needs to know it.
"""

import sys

import yaml

from connectors.matrix.app import build
from connectors.matrix.settings import Settings
from connectors.sdk.process import run
from shared.http.process import serve


def registration(settings: Settings) -> str:
    """The application service's registration; the homeserver reads it when it starts."""
    document = {
        "id": settings.connector_id,
        "url": f"http://{settings.api_host}:{settings.api_port}",
        "as_token": settings.matrix_as_token.get_secret_value(),
        "hs_token": settings.matrix_hs_token.get_secret_value(),
        "sender_localpart": settings.matrix_localpart,
        "rate_limited": False,
        # none: it hears the rooms that its own user is in, and no others
        "namespaces": {"users": [], "aliases": [], "rooms": []},
    }
    return yaml.safe_dump(document, sort_keys=False)


def main(arguments: list[str]) -> None:
    """Run, or print the registration."""
    settings = Settings()
    if arguments == ["registration"]:
        print(registration(settings), end="")
        return
    run(settings, serve(build(settings), settings.api_host, settings.api_port))


if __name__ == "__main__":
    main(sys.argv[1:])
