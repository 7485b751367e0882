"""What a request may send."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from shared.http import body_limit
from shared.http.problems import Kind, Refusal
from tests.unit.shell.teahouse import problem


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
