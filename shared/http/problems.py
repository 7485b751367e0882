"""Errors as the HTTP edge tells them: a refusal has a slug and a kind, and one table gives its status."""

import json
from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeAlias

from starlette.responses import Response

from shared.i18n import Catalogue

TEXTS = Catalogue.load(Path(__file__).parent / "locale")
MEDIA_TYPE = "application/problem+json"

Detail: TypeAlias = str | Callable[[str], str]
"""A sentence for the caller, or what gives it for a locale."""


class Kind(StrEnum):
    """Why something is refused, in words that are not HTTP's."""

    MALFORMED = "malformed"
    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not-found"
    WRONG_METHOD = "wrong-method"
    NOT_ACCEPTABLE = "not-acceptable"
    TOO_SLOW = "too-slow"
    CONFLICT = "conflict"
    GONE = "gone"
    STALE = "stale"
    TOO_LARGE = "too-large"
    UNSUPPORTED = "unsupported"
    INVALID = "invalid"
    TOO_MANY = "too-many"
    BROKEN = "broken"
    UNAVAILABLE = "unavailable"


STATUS: Mapping[Kind, int] = {
    Kind.MALFORMED: 400,
    Kind.UNAUTHENTICATED: 401,
    Kind.FORBIDDEN: 403,
    Kind.NOT_FOUND: 404,
    Kind.WRONG_METHOD: 405,
    Kind.NOT_ACCEPTABLE: 406,
    Kind.TOO_SLOW: 408,
    Kind.CONFLICT: 409,
    Kind.GONE: 410,
    Kind.STALE: 412,
    Kind.TOO_LARGE: 413,
    Kind.UNSUPPORTED: 415,
    Kind.INVALID: 422,
    Kind.TOO_MANY: 429,
    Kind.BROKEN: 500,
    Kind.UNAVAILABLE: 503,
}
KIND: Mapping[int, Kind] = {status: kind for kind, status in STATUS.items()}


class Refusal(Exception):
    """A request is refused: `slug` names the reason for programs and never changes, `kind` gives the status.

    `detail` is for people; `members` become further members of the problem (RFC 9457, 3.2).
    """

    def __init__(
        self,
        slug: str,
        kind: Kind,
        detail: Detail = "",
        *,
        headers: Mapping[str, str] | None = None,
        **members: Any,
    ) -> None:
        super().__init__(slug)
        self.slug = slug
        self.kind = kind
        self.detail = detail
        self.headers = headers or {}
        self.members = members


def refuse(slug: str, kind: Kind, *, headers: Mapping[str, str] | None = None, **members: Any) -> Refusal:
    """A refusal of the shell's own, whose detail is in the shell's catalogue."""
    return Refusal(slug, kind, lambda locale: TEXTS.say(locale, f"detail.{slug}"), headers=headers, **members)


def render(refusal: Refusal, locale: str) -> Response:
    """The refusal as problem+json (RFC 9457) in the caller's language."""
    status = STATUS[refusal.kind]
    detail = refusal.detail if isinstance(refusal.detail, str) else refusal.detail(locale)
    body = {
        **refusal.members,
        "type": f"urn:hearth:problem:{refusal.slug}",
        "title": TEXTS.say(locale, f"kind.{refusal.kind}"),
        "status": status,
        **({"detail": detail} if detail else {}),
    }
    # what echoes a request may hold lone surrogates, which UTF-8 cannot carry
    content = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
    headers = {**refusal.headers, "content-language": locale}
    return Response(content, status, headers, MEDIA_TYPE)


_SCHEMA = {
    "type": "object",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string", "description": "urn:hearth:problem:<slug>; stable, for programs"},
        "title": {"type": "string", "description": "the kind of problem, in the caller's language"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {"type": "array", "items": {"type": "object"}},
    },
}
RESPONSES: dict[int | str, dict[str, Any]] = {
    code: {"description": "Refused; see `type`.", "content": {MEDIA_TYPE: {"schema": _SCHEMA}}}
    for code in ("default", 422)
}
"""For the OpenAPI document: every route may answer with a problem."""
