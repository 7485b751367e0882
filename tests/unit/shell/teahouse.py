"""A small app inside the shell's layers, for tests of the layers."""

from collections.abc import AsyncIterator
from functools import cache
from typing import Annotated, Any

import asyncpg
import httpx
from fastapi import Depends, FastAPI, Query
from pydantic import BaseModel, SecretStr
from starlette.responses import PlainTextResponse, StreamingResponse

from shared.http.application import guarded_application
from shared.http.language import locale_of
from shared.http.problems import Kind, Refusal

TOKEN = "a-token-of-this-test"
CREDENTIALS = {"authorization": f"Bearer {TOKEN}"}


class Cup(BaseModel):
    tea: str
    size: int


@cache
def made_app() -> FastAPI:
    app = guarded_application("tea", SecretStr(TOKEN))

    @app.get("/livez")
    @app.get("/readyz")
    async def healthy() -> str:
        return "ok"

    @app.post("/cups")
    async def fill(cup: Cup) -> Cup:
        return cup

    @app.get("/cups")
    async def cups(limit: Annotated[int, Query(le=5)] = 1) -> int:
        return limit

    @app.get("/language")
    async def language(locale: Annotated[str, Depends(locale_of)]) -> str:
        return locale

    @app.get("/fails/{how}")
    async def fails(how: str) -> None:
        raise FAILURES[how]

    @app.get("/half")
    async def half() -> StreamingResponse:
        async def parts() -> AsyncIterator[bytes]:
            yield b"half"
            raise RuntimeError("in the middle")

        return StreamingResponse(parts())

    app.mount("/mounted", PlainTextResponse("inside"))
    return app


FAILURES = {
    "bug": KeyError("a secret"),
    "refusal": Refusal("cup-full", Kind.CONFLICT, "It is full.", headers={"x-cups": "1"}, cups=3),
    "spoken": Refusal("cup-full", Kind.CONFLICT, lambda locale: f"in {locale}"),
    "surrogate": Refusal("cup-full", Kind.CONFLICT, "\ud800", echo="\udfff"),
    "refused": ConnectionRefusedError(111, "refused"),
    "shutdown": asyncpg.CannotConnectNowError("the database system is starting up"),
    "killed": asyncpg.InterfaceError("connection is closed"),
    "slow": TimeoutError(),
    "nul": asyncpg.UntranslatableCharacterError("a secret"),
    "query": asyncpg.InterfaceError("the server expects 2 arguments for this query, 1 was passed"),
}


def problem(answer: httpx.Response, status: int, slug: str) -> dict[str, Any]:
    """The body, if the answer is this problem."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["type"] == f"urn:hearth:problem:{slug}"
    assert body["status"] == status
    assert body["title"]
    return body
