"""Asks reporting's API from a terminal."""

import os
from collections.abc import Mapping
from typing import Any

import httpx

from deploy.local.home import default_home

TIMEOUT_SECONDS = 30.0


class NoAnswer(Exception):
    """Reporting could not be asked, or refused; the message is for the one at the terminal."""


def ask(path: str, parameters: Mapping[str, Any], method: str = "GET", **more: Any) -> httpx.Response:
    """The answer of reporting's API: at `REPORTING_URL` with `API_TOKEN`, else where `hearth up` runs it.

    Raises `NoAnswer`, also for a refusal.
    """
    state = default_home().state()
    url = os.environ.get("REPORTING_URL") or state.get("services", {}).get("reporting", {}).get("api_url")
    token = os.environ.get("API_TOKEN") or state.get("api_token", "")
    if not url:
        raise NoAnswer("Reporting does not run here: `hearth up` first, or set REPORTING_URL and API_TOKEN")
    headers = {"authorization": f"Bearer {token}", **more.pop("headers", {})}
    try:
        # neither a proxy nor a netrc file may change where the token goes
        with httpx.Client(trust_env=False, timeout=TIMEOUT_SECONDS) as client:
            response = client.request(
                method, url.rstrip("/") + path, params=parameters, headers=headers, **more
            )
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise NoAnswer(f"Reporting at {url} does not answer: {error or type(error).__name__}") from error
    if response.is_error:
        raise NoAnswer(_problem(response))
    return response


def ask_json(path: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The same for an answer that is a JSON object. Raises `NoAnswer`."""
    response = ask(path, parameters)
    try:
        answer = response.json()
    except ValueError as error:
        raise NoAnswer(f"What answers at {response.url.host} does not answer in JSON") from error
    if not isinstance(answer, dict):
        raise NoAnswer(f"What answers at {response.url.host} is not reporting")
    return answer


def _problem(response: httpx.Response) -> str:
    """What a problem document says, and its members that help."""
    try:
        answer = response.json()
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        return f"status {response.status_code}"
    said = " ".join(str(answer[key]) for key in ("title", "detail") if answer.get(key))
    more = [f"{error.get('pointer')}: {error.get('detail')}" for error in answer.get("errors", [])]
    known = [f"known: {', '.join(answer['known'])}"] if "known" in answer else []
    return "\n".join([said or f"status {response.status_code}", *more, *known])
