"""Lets only holders of the token in; standing before the routes, it guards a forgotten one too."""

from hmac import compare_digest

from pydantic import SecretStr
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.http.problems import Kind, refuse

OPEN_PATHS = frozenset({"/livez", "/readyz"})
OPEN_METHODS = frozenset({"GET", "HEAD"})
_POLICY_VIOLATION = 1008


class Guard:
    """Asks every request but the health checks for `Authorization: Bearer <token>`."""

    def __init__(self, app: ASGIApp, token: SecretStr) -> None:
        self._app = app
        self._token = token.get_secret_value().encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on or raise the refusal; connections of other kinds are closed."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": _POLICY_VIOLATION})
            return
        if scope["type"] == "http" and not self._is_open(scope):
            self._check(Headers(scope=scope).getlist("authorization"))
        await self._app(scope, receive, send)

    @staticmethod
    def _is_open(scope: Scope) -> bool:
        return scope["path"] in OPEN_PATHS and scope["method"] in OPEN_METHODS

    def _check(self, credentials: list[str]) -> None:
        scheme, _, token = credentials[0].partition(" ") if len(credentials) == 1 else ("", "", "")
        if scheme.lower() != "bearer":
            raise refuse("credentials-missing", Kind.UNAUTHENTICATED, headers={"www-authenticate": "Bearer"})
        # constant time, so that the answer's delay tells nothing of the token
        if not compare_digest(token.strip().encode("latin-1"), self._token):
            challenge = 'Bearer error="invalid_token"'
            raise refuse("credentials-wrong", Kind.UNAUTHENTICATED, headers={"www-authenticate": challenge})
