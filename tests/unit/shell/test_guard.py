"""Who is let in."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from shared.http.application import guarded_application
from tests.unit.shell.teahouse import TOKEN, made_app


@pytest.mark.parametrize("path", ["/livez", "/readyz"])
async def test_health_answers_without_credentials(anybody: httpx.AsyncClient, path: str) -> None:
    assert (await anybody.get(path)).status_code == 200


@pytest.mark.parametrize(
    "path",
    ["/", "/cups", "/openapi.json", "/docs", "/redoc", "/metrics", "/mounted", "/mounted/x", "/nowhere",
     "/livez/", "/livez/x", "//livez", "/LIVEZ", "/livez%2f..%2fcups", "/readyz/../cups"],
)  # fmt: skip
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD"])
async def test_everything_else_needs_credentials(anybody: httpx.AsyncClient, path: str, method: str) -> None:
    answer = await anybody.request(method, path)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_health_is_open_for_reading_only(anybody: httpx.AsyncClient) -> None:
    assert (await anybody.post("/livez")).status_code == 401


@pytest.mark.parametrize(
    "value",
    ["", "Bearer", "Bearer ", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", f"Bearer {TOKEN.upper()}", TOKEN,
     f"Basic {TOKEN}", f"Bearer  {TOKEN} {TOKEN}", "Bearer \xff\xfe", "Bearer 茶"],
)  # fmt: skip
async def test_a_wrong_token_is_refused(anybody: httpx.AsyncClient, value: str) -> None:
    answer = await anybody.get("/cups", headers={b"authorization": value.encode()})
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"


async def test_two_tokens_are_refused_even_if_one_is_right(client: httpx.AsyncClient) -> None:
    headers = [("authorization", f"Bearer {TOKEN}"), ("authorization", "Bearer x")]
    request = httpx.Request("GET", "http://tea/cups", headers=headers)
    assert (await client.send(request)).status_code == 401


async def test_the_right_token_opens_the_routes(client: httpx.AsyncClient) -> None:
    assert (await client.get("/cups")).json() == 1
    assert (await client.get("/cups", headers={"authorization": f"bearer  {TOKEN}"})).json() == 1
    assert (await client.get("/openapi.json")).json()["info"]["title"] == "Hearth tea"


async def test_a_token_outside_ascii_works() -> None:
    app = guarded_application("tea", SecretStr("茶茶茶茶茶茶茶茶茶茶茶茶茶茶茶茶"))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://tea") as client:
        answer = await client.get("/", headers={b"authorization": ("Bearer " + "茶" * 16).encode()})
    assert answer.status_code == 404


async def test_a_websocket_is_closed_unheard() -> None:
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    await made_app()({"type": "websocket", "path": "/livez", "headers": []}, receive, send)
    assert sent == [{"type": "websocket.close", "code": 1008}]


async def test_strangers_cannot_make_us_read_a_body(anybody: httpx.AsyncClient) -> None:
    async def unread() -> AsyncIterator[bytes]:
        raise AssertionError("the body was read")
        yield b""

    assert (await anybody.post("/cups", content=unread())).status_code == 401
