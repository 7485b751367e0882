"""A back-test on a community's record: asked of the moderation service, and waited for."""

import os
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import typer

from deploy.local.home import default_home
from services.moderation.domain.policy import BadPolicy
from services.moderation.store.policy_documents import read_yaml
from tools.meter import meter

TIMEOUT_SECONDS = 30.0
LOOK_SECONDS = 0.5


def ask_service(
    community: str, rules: Path, since: datetime | None, until: datetime | None, overturned: Sequence[str]
) -> dict[str, Any]:
    """The result, once the service has it; cancelled with the command. Ends the command where it cannot."""
    if since is None or until is None:
        raise typer.BadParameter("--community needs --from and --to")
    question = {
        "candidate": _document(rules),
        "from": _moment(since),
        "to": _moment(until),
        "overturned": list(overturned),
    }
    url, headers = _service()
    path = f"{url}/v1/communities/{quote(community, safe='')}/backtests"
    # neither a proxy nor a netrc file may change where the token goes
    with httpx.Client(trust_env=False, timeout=TIMEOUT_SECONDS, headers=headers) as client:
        asked = _answer(client, "POST", path, question)
        return _wait(client, f"{path}/{asked['id']}")


def _wait(client: httpx.Client, path: str) -> dict[str, Any]:
    state: dict[str, Any] = {}
    try:
        with meter("backtest", 1000) as advance:
            while (state := _answer(client, "GET", path))["state"] == "running":
                advance(int(1000 * state["progress"]), "")
                time.sleep(LOOK_SECONDS)
    except KeyboardInterrupt:
        _answer(client, "DELETE", path)
        raise
    if state["state"] != "done":
        raise _failed(f"The back-test {state['state']}; the service's log says why")
    begins = state["log_begins_at"]
    typer.echo(f"the log goes back to {begins}" if begins else "the log holds nothing", err=True)
    result: dict[str, Any] = state["result"]
    return result | {"is_whole": state["is_whole"]}


def _document(rules: Path) -> dict[str, Any]:
    try:
        return read_yaml(rules.read_text(encoding="utf-8")).model_dump(mode="json", exclude_unset=True)
    except OSError as error:
        raise typer.BadParameter(f"{rules}: {error.strerror}") from error
    except UnicodeDecodeError:
        raise typer.BadParameter(f"{rules}: no UTF-8") from None
    except BadPolicy as error:
        raise typer.BadParameter("\n".join([f"{rules}:", *error.complaints])) from None


def _moment(moment: datetime) -> str:
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).isoformat()


def _service() -> tuple[str, Mapping[str, str]]:
    """At `MODERATION_URL` with `API_TOKEN`, else where `hearth up` runs it."""
    state = default_home().state()
    url = os.environ.get("MODERATION_URL") or state.get("services", {}).get("moderation", {}).get("api_url")
    token = os.environ.get("API_TOKEN") or state.get("api_token", "")
    if not url:
        raise _failed("Moderation does not run here: `hearth up` first, or set MODERATION_URL and API_TOKEN")
    return url.rstrip("/"), {"authorization": f"Bearer {token}"}


def _answer(client: httpx.Client, method: str, url: str, body: Any = None) -> dict[str, Any]:
    try:
        response = client.request(method, url, json=body)
        answer = response.json() if response.content else {}
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise _failed(f"Moderation at {url} does not answer: {error or type(error).__name__}") from error
    if not isinstance(answer, dict):
        raise _failed(f"What answers at {url} is not moderation")
    if response.is_error:
        said = " ".join(str(answer[key]) for key in ("title", "detail") if answer.get(key))
        more = [str(each.get("detail")) for each in answer.get("errors", [])]
        raise _failed("\n".join([said or f"status {response.status_code}", *more]))
    return answer


def _failed(why: str) -> typer.Exit:
    typer.echo(why, err=True)
    return typer.Exit(1)
