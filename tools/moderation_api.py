"""Asks a service's API from a terminal; moderation's unless another is named."""

import os
from collections.abc import Mapping
from typing import Any

import httpx

from deploy.local.home import default_home

TIMEOUT_SECONDS = 30.0


class NoAnswer(Exception):
    """The service could not be asked, or refused; the message is for the one at the terminal."""

    def __init__(self, sentence: str, problem: Mapping[str, Any] | None = None) -> None:
        super().__init__(sentence)
        self.problem = dict(problem or {"title": sentence})


def ask(
    method: str, path: str, *, service: str = "moderation", timeout: float = TIMEOUT_SECONDS, **request: Any
) -> httpx.Response:
    """The answer of the API: at `<SERVICE>_URL` with `API_TOKEN`, else where `hearth up` runs it.

    Raises `NoAnswer`, also for a refusal.
    """
    state = default_home().state()
    variable, name = f"{service.upper()}_URL", service.capitalize()
    url = os.environ.get(variable) or state.get("services", {}).get(service, {}).get("api_url")
    token = os.environ.get("API_TOKEN") or state.get("api_token", "")
    if not url:
        raise NoAnswer(f"{name} does not run here: `hearth up` first, or set {variable} and API_TOKEN")
    headers = {"authorization": f"Bearer {token}", **request.pop("headers", {})}
    try:
        # neither a proxy nor a netrc file may change where the token goes
        with httpx.Client(trust_env=False, timeout=timeout) as client:
            response = client.request(method, url.rstrip("/") + path, headers=headers, **request)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise NoAnswer(f"{name} at {url} does not answer: {error or type(error).__name__}") from error
    if response.is_error:
        raise _refusal(response)
    return response


def _refusal(response: httpx.Response) -> NoAnswer:
    """What a problem document says, and its members that help."""
    try:
        problem = response.json()
    except ValueError:
        problem = None
    if not isinstance(problem, dict):
        return NoAnswer(f"status {response.status_code}")
    said = " ".join(str(problem[key]) for key in ("title", "detail") if problem.get(key))
    errors = [f"{each.get('pointer')}: {each.get('detail')}" for each in problem.get("errors", [])]
    return NoAnswer("\n".join([said, *problem.get("complaints", []), *errors]), problem)
