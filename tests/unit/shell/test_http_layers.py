"""The layers around a service's routes, over real requests: guard, limits, problems."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, MutableMapping
from functools import cache
from typing import Annotated, Any

import asyncpg
import httpx
import pytest
from fastapi import Depends, FastAPI, Query
from pydantic import BaseModel, SecretStr
from starlette.responses import PlainTextResponse, StreamingResponse
from structlog.testing import capture_logs

from shared.http import body_limit
from shared.http.application import guarded_application
from shared.http.language import locale_of
from shared.http.problems import KIND, STATUS, TEXTS, Kind, Refusal
from shared.i18n import LOCALES

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


@pytest.fixture(autouse=True)
def logged() -> Iterator[list[MutableMapping[str, Any]]]:
    """What the layers log during a test."""
    with capture_logs() as captured:
        yield captured


@pytest.fixture
async def anybody() -> AsyncIterator[httpx.AsyncClient]:
    """A client without credentials."""
    transport = httpx.ASGITransport(made_app(), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://tea") as client:
        yield client


@pytest.fixture
async def client(anybody: httpx.AsyncClient) -> httpx.AsyncClient:
    """One with the right token."""
    anybody.headers.update(CREDENTIALS)
    return anybody


def problem(answer: httpx.Response, status: int, slug: str) -> dict[str, Any]:
    """The body, if the answer is this problem."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["type"] == f"urn:hearth:problem:{slug}"
    assert body["status"] == status
    assert body["title"]
    return body


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


async def test_a_page_that_is_not_there_is_a_problem(client: httpx.AsyncClient) -> None:
    problem(await client.get("/nowhere"), 404, "not-found")


async def test_a_wrong_method_is_a_problem_that_says_which_are_right(client: httpx.AsyncClient) -> None:
    answer = await client.delete("/cups")
    problem(answer, 405, "wrong-method")
    assert set(answer.headers["allow"].split(", ")) & {"GET", "POST"}


async def test_wrong_fields_are_named_without_their_values(client: httpx.AsyncClient) -> None:
    answer = await client.post("/cups", json={"size": "a secret"})
    body = problem(answer, 422, "fields-invalid")
    assert {(error["pointer"], error["code"]) for error in body["errors"]} == {
        ("/body/tea", "missing"),
        ("/body/size", "int_parsing"),
    }
    assert "a secret" not in answer.text


@pytest.mark.parametrize("body", [b"{", b"\xff", b"", b"null", b'{"size": 1e999}', b"[" * 100_000])
async def test_a_broken_body_is_a_problem(client: httpx.AsyncClient, body: bytes) -> None:
    answer = await client.post("/cups", content=body, headers={"content-type": "application/json"})
    assert answer.status_code in {400, 422}
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("how", "status", "slug"),
    [
        ("bug", 500, "internal"),
        ("refusal", 409, "cup-full"),
        ("refused", 503, "dependency-away"),
        ("shutdown", 503, "dependency-away"),
        ("killed", 503, "dependency-away"),
        ("slow", 503, "dependency-away"),
        ("nul", 422, "value-not-storable"),
        ("query", 500, "internal"),
        ("surrogate", 409, "cup-full"),
    ],
)
async def test_every_failure_is_a_problem(
    client: httpx.AsyncClient, how: str, status: int, slug: str
) -> None:
    answer = await client.get(f"/fails/{how}")
    problem(answer, status, slug)
    assert "secret" not in answer.text


@pytest.mark.parametrize(("how", "lines"), [("bug", 1), ("refused", 1), ("query", 1), ("refusal", 0)])
async def test_only_unforeseen_failures_are_logged_with_their_route(
    client: httpx.AsyncClient, logged: list[MutableMapping[str, Any]], how: str, lines: int
) -> None:
    await client.get(f"/fails/{how}")
    assert [(line["action"], line["route"]) for line in logged] == [
        ("request_failed", "/fails/{how}")
    ] * lines


async def test_a_refusal_carries_its_detail_headers_and_members(client: httpx.AsyncClient) -> None:
    answer = await client.get("/fails/refusal")
    body = problem(answer, 409, "cup-full")
    assert (body["detail"], body["cups"], answer.headers["x-cups"]) == ("It is full.", 3, "1")


async def test_an_answer_that_breaks_in_the_middle_ends_there(client: httpx.AsyncClient) -> None:
    answer = await client.get("/half")
    assert answer.text == "half"


@pytest.mark.parametrize(
    ("accepted", "locale"),
    [
        ("", "zh-CN"),
        ("en", "en"),
        ("en-GB,en;q=0.9", "en"),
        ("zh-TW, en;q=0.5", "zh-CN"),
        ("fr, en;q=0.3, zh;q=0.2", "en"),
        ("zh;q=0, en;q=0.1", "en"),
        ("en;q=x, zh;q=0.1", "zh-CN"),
        ("*", "zh-CN"),
        (",;=,q", "zh-CN"),
        ("x" * 5000, "zh-CN"),
    ],
)
async def test_the_caller_is_answered_in_their_language(
    client: httpx.AsyncClient, accepted: str, locale: str
) -> None:
    headers = {"accept-language": accepted}
    assert (await client.get("/language", headers=headers)).json() == locale
    spoken = await client.get("/fails/spoken", headers=headers)
    assert spoken.json()["detail"] == f"in {locale}"
    assert spoken.headers["content-language"] == locale


def test_every_kind_has_a_status_of_its_own_and_a_title_in_every_locale() -> None:
    assert set(STATUS) == set(Kind)
    assert len(KIND) == len(STATUS)
    for locale in LOCALES:
        assert all(TEXTS.say(locale, f"kind.{kind}") for kind in Kind)


async def test_a_body_at_the_limit_is_taken_and_one_above_it_is_not(client: httpx.AsyncClient) -> None:
    frame = len(json.dumps({"tea": "", "size": 1}))
    for extra, status in ((0, 200), (1, 413)):
        text = "x" * (body_limit.BODY_BYTES_MAX - frame + extra)
        content = json.dumps({"tea": text, "size": 1})
        answer = await client.post("/cups", content=content, headers={"content-type": "application/json"})
        assert answer.status_code == status
    assert problem(answer, 413, "body-too-large")["bytes_max"] == body_limit.BODY_BYTES_MAX


async def test_a_body_of_unknown_length_is_cut_off_at_the_limit(client: httpx.AsyncClient) -> None:
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while True:
            read += 65_536
            yield b"x" * 65_536

    problem(await client.post("/cups", content=endless()), 413, "body-too-large")
    assert read <= body_limit.BODY_BYTES_MAX + 2 * 65_536


async def test_a_body_that_does_not_end_is_not_waited_for() -> None:
    answered: list[Any] = []

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(3600)
        return {}

    async def send(message: Any) -> None:
        answered.append(message)

    async def never(*_: Any) -> None:
        raise AssertionError("the service must not see the request")

    limit = body_limit.BodyLimit(never, seconds_max=0.01)
    with pytest.raises(Refusal) as refusal:
        await limit({"type": "http", "headers": []}, receive, send)
    assert refusal.value.kind is Kind.TOO_SLOW


async def test_strangers_cannot_make_us_read_a_body(anybody: httpx.AsyncClient) -> None:
    async def unread() -> AsyncIterator[bytes]:
        raise AssertionError("the body was read")
        yield b""

    assert (await anybody.post("/cups", content=unread())).status_code == 401


async def test_the_document_describes_problems_and_credentials(client: httpx.AsyncClient) -> None:
    document = (await client.get("/openapi.json")).json()
    answers = document["paths"]["/cups"]["post"]["responses"]
    assert "application/problem+json" in answers["422"]["content"]
    assert "application/problem+json" in answers["default"]["content"]
