"""How failures are told."""

from collections.abc import MutableMapping
from typing import Any

import httpx
import pytest

from shared.http.problems import KIND, STATUS, TEXTS, Kind
from shared.i18n import LOCALES
from tests.unit.shell.teahouse import problem

pytestmark = pytest.mark.usefixtures("logged")


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


async def test_the_document_describes_problems_and_credentials(client: httpx.AsyncClient) -> None:
    document = (await client.get("/openapi.json")).json()
    answers = document["paths"]["/cups"]["post"]["responses"]
    assert "application/problem+json" in answers["422"]["content"]
    assert "application/problem+json" in answers["default"]["content"]
