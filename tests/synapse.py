"""A true Matrix homeserver for tests: Synapse in a venv of its own, and people who use it."""

import asyncio
import contextlib
import itertools
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
import yaml

from deploy.local.home import REPOSITORY, Home
from deploy.local.ports import HOST, choose_port
from deploy.local.process import Process, spawn

DOMAIN = "tea.example"
AS_TOKEN, HS_TOKEN = "as-token-of-the-tests", "hs-token-of-the-tests"
START_SECONDS_MAX = 90.0
_transactions = itertools.count()


def interpreter() -> Path:
    """Synapse's Python; skips loudly where it is not installed."""
    path = Path(os.environ.get("HEARTH_SYNAPSE", REPOSITORY / ".hearth" / "synapse" / "bin" / "python"))
    if not path.exists():
        pytest.skip("SYNAPSE MISSING: `make test-connectors` installs it; no true chat server was tried")
    return path


@dataclass(slots=True)
class Person:
    """Somebody with an account."""

    url: str
    name: str
    token: str
    http: httpx.AsyncClient = field(
        default_factory=lambda: httpx.AsyncClient(timeout=30, trust_env=False), repr=False
    )

    async def call(self, method: str, path: str, content: Any = None, *, fails: bool = False) -> Any:
        """One request of the client API; fails the test unless it succeeds (or is meant to fail)."""
        headers = {"authorization": f"Bearer {self.token}"}
        answer = await self.http.request(
            method, f"{self.url}/_matrix/client/v3{path}", json=content, headers=headers
        )
        assert answer.is_success != fails, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json()

    async def say(self, room: str, text: str, *, fails: bool = False, **content: Any) -> str:
        """Send a text; its event id."""
        path = f"/rooms/{quote(room)}/send/m.room.message/{next(_transactions)}"
        body = {"msgtype": "m.text", "body": text, **content}
        return str((await self.call("PUT", path, body, fails=fails)).get("event_id"))

    async def send(self, room: str, kind: str, content: Any) -> str:
        """Send an event of another kind."""
        path = f"/rooms/{quote(room)}/send/{kind}/{next(_transactions)}"
        return str((await self.call("PUT", path, content))["event_id"])

    async def invitations(self) -> list[str]:
        """Rooms that they are invited to; equal questions get the old answer, so none is equal."""
        found = await self.call("GET", f"/sync?timeout={next(_transactions)}")
        return list(found["rooms"].get("invite", ()))

    async def join(self, room: str) -> None:
        """Come in."""
        await self.call("POST", f"/rooms/{quote(room)}/join", {})

    async def state(self, room: str, kind: str, key: str = "") -> Any:
        """A state of the room."""
        return await self.call("GET", f"/rooms/{quote(room)}/state/{kind}/{quote(key)}")

    async def event(self, room: str, event: str) -> Any:
        """One event as this person sees it."""
        return await self.call("GET", f"/rooms/{quote(room)}/event/{quote(event)}")

    async def newest(self, room: str, limit: int = 50) -> list[Any]:
        """What the room shows, newest first."""
        found = await self.call("GET", f"/rooms/{quote(room)}/messages?dir=b&limit={limit}")
        return list(found["chunk"])


@dataclass(slots=True)
class Synapse:
    """One homeserver that knows one application service."""

    url: str
    as_port: int
    process: Process

    async def person(self, name: str) -> Person:
        """Somebody new."""
        async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
            body = {"username": name, "password": "p", "auth": {"type": "m.login.dummy"}}
            answer = await client.post(f"{self.url}/_matrix/client/v3/register", json=body)
            assert answer.is_success, answer.text
        return Person(self.url, answer.json()["user_id"], answer.json()["access_token"])


@contextlib.asynccontextmanager
async def synapse(home: Home) -> AsyncIterator[Synapse]:
    """Started, with the connector registered on a free port."""
    port, as_port = choose_port(None), choose_port(None)
    folder = home.root / "synapse"
    folder.mkdir()
    _configure(folder, port, as_port)
    command = [str(interpreter()), "-m", "synapse.app.homeserver", "-c", str(folder / "homeserver.yaml")]
    keys = await asyncio.create_subprocess_exec(*command, "--generate-keys", cwd=folder)
    assert await keys.wait() == 0
    process = spawn("synapse", command, home.log("synapse"), environment={}, folder=folder)
    url = f"http://{HOST}:{port}"

    async def is_ready() -> bool:
        try:
            async with httpx.AsyncClient(trust_env=False, timeout=2) as client:
                return (await client.get(f"{url}/health")).is_success
        except httpx.HTTPError:
            return False

    try:
        await process.until_ready(is_ready, START_SECONDS_MAX)
        yield Synapse(url, as_port, process)
    finally:
        await process.stop(20)


def _configure(folder: Path, port: int, as_port: int) -> None:
    registration = {
        "id": "matrix",
        "url": f"http://{HOST}:{as_port}",
        "as_token": AS_TOKEN,
        "hs_token": HS_TOKEN,
        "sender_localpart": "hearth",
        "rate_limited": False,
        "namespaces": {"users": [], "aliases": [], "rooms": []},
    }
    (folder / "registration.yaml").write_text(yaml.safe_dump(registration))
    plenty = {"per_second": 10_000, "burst_count": 10_000}
    settings = {
        "server_name": DOMAIN,
        "pid_file": str(folder / "pid"),
        "listeners": [
            {"port": port, "type": "http", "bind_addresses": [HOST], "resources": [{"names": ["client"]}]}
        ],
        "database": {"name": "sqlite3", "args": {"database": str(folder / "synapse.db")}},
        "media_store_path": str(folder / "media"),
        "signing_key_path": str(folder / "signing.key"),
        "trusted_key_servers": [],
        "report_stats": False,
        "enable_registration": True,
        "enable_registration_without_verification": True,
        "bcrypt_rounds": 4,
        "macaroon_secret_key": "of the tests",
        "app_service_config_files": [str(folder / "registration.yaml")],
        **dict.fromkeys(("rc_message", "rc_registration", "rc_joins_per_room"), plenty),
        "rc_login": {"address": plenty, "account": plenty},
        "rc_joins": {"local": plenty, "remote": plenty},
        "rc_invites": {"per_room": plenty, "per_user": plenty, "per_issuer": plenty},
    }
    (folder / "homeserver.yaml").write_text(yaml.safe_dump(settings))
