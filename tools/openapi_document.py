"""`python -m tools.openapi_document` writes OpenAPI documents; with `--check` it exits 1 if one is stale."""

import argparse
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import cast

from fastapi import APIRouter, FastAPI
from pydantic import SecretStr

from connectors.sdk.connector import Connector
from connectors.webhook import api as webhook
from connectors.webhook.app import signed_application
from connectors.webhook.desk import Desk
from services.engagement import api as engagement
from services.engagement.api import sources
from services.engagement.domain.outside import Outside
from services.moderation import api as moderation
from services.reporting import api as reporting
from services.rewards import api as rewards
from shared.http.application import guarded_application, include_guarded
from shared.postgres.connection import Pool

FOLDER = Path(__file__).parents[1] / "docs" / "openapi"


def _engagement(pool: Pool) -> APIRouter:
    joined = engagement.router(pool)
    joined.include_router(sources.router(pool, Outside()))
    return joined


ROUTERS: Mapping[str, Callable[[Pool], APIRouter]] = {
    "moderation": moderation.router,
    "engagement": _engagement,
    "rewards": rewards.router,
    "reporting": reporting.router,
}
"""The routes of a service; its health checks and those of the machinery are the same in all."""


def documents(folder: Path) -> dict[Path, str]:
    """Every document by its path."""
    made = {name: _document(name) for name in ROUTERS} | {"webhook": _webhook_document()}
    return {folder / f"{name}.json": text for name, text in made.items()}


def stale(folder: Path) -> list[Path]:
    """Documents that are missing or differ from the routes."""
    return [path for path, text in documents(folder).items() if not _holds(path, text)]


def _document(name: str) -> str:
    app = guarded_application(name, SecretStr("documented"))
    # routes keep the pool for later and ask it nothing while they are made
    include_guarded(app, ROUTERS[name](cast(Pool, None)))
    return _as_text(app)


def _webhook_document() -> str:
    app = signed_application({})
    app.include_router(webhook.router(cast(Connector, None), cast(Desk, None)))
    return _as_text(app)


def _as_text(app: FastAPI) -> str:
    return json.dumps(app.openapi(), indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def _holds(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") == text


def main() -> int:
    """Write, or check and tell."""
    parser = argparse.ArgumentParser(prog="python -m tools.openapi_document", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when something is stale")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the documents are")
    options = parser.parse_args()
    if options.check:
        found = stale(options.folder)
        for path in found:
            print(f"stale: {path}; `make openapi` brings it up to date", file=sys.stderr)
        return 1 if found else 0
    options.folder.mkdir(parents=True, exist_ok=True)
    for path, text in documents(options.folder).items():
        path.write_text(text, encoding="utf-8")
        print(f"wrote {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
