"""Requests to addresses that people gave: never to a machine that is not public, never after a redirect."""

import asyncio
from collections.abc import Mapping
from typing import NamedTuple

import httpx

from shared.http.addresses import Forbidden, Pinned, pin

__all__ = ["ANSWER_BYTES_MAX", "Forbidden", "Sent", "post"]

TIMEOUT_SECONDS = 15.0
"""For all of it: a receiver that answers a byte now and then holds nobody."""
ANSWER_BYTES_MAX = 16_384


class Sent(NamedTuple):
    """What the other side answered."""

    status: int
    body: bytes
    """Its beginning."""

    @property
    def is_success(self) -> bool:
        """Whether it was taken."""
        return 200 <= self.status < 300


async def post(url: str, body: bytes, headers: Mapping[str, str], *, private_allowed: bool = False) -> Sent:
    """Send once. Raises `Forbidden`, and `httpx.HTTPError`, `httpx.InvalidURL`, `ValueError` or `OSError`
    (`TimeoutError` is one) when nobody answers. `private_allowed` allows http as well.
    """
    async with asyncio.timeout(TIMEOUT_SECONDS):
        schemes = ("https", "http") if private_allowed else ("https",)
        return await _send(await pin(url, schemes=schemes, private_allowed=private_allowed), body, headers)


async def _send(to: Pinned, body: bytes, headers: Mapping[str, str]) -> Sent:
    told = {**headers, "host": to.host, "accept-encoding": "identity"}
    async with (
        httpx.AsyncClient(trust_env=False, timeout=TIMEOUT_SECONDS, follow_redirects=False) as client,
        client.stream("POST", to.url, content=body, headers=told, extensions=to.extensions) as answer,
    ):
        begins = b""
        async for piece in answer.aiter_raw():
            begins += piece
            if len(begins) >= ANSWER_BYTES_MAX:
                break
        return Sent(answer.status_code, begins[:ANSWER_BYTES_MAX])
