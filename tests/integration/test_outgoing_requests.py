"""Requests to addresses that people gave reach public machines only, and nobody is held by an answer."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from shared.http import outgoing
from shared.http.outgoing import ANSWER_BYTES_MAX, Forbidden, post

HIDDEN = [
    "127.0.0.1", "localhost", "0.0.0.1", "10.0.0.8", "172.16.0.1", "192.168.1.1", "169.254.169.254",
    "100.64.0.1", "224.0.0.1", "2130706433", "0x7f.1", "[::1]", "[::]", "[fe80::1]", "[fd00::1]", "[ff02::1]",
    "[::ffff:10.0.0.1]", "[64:ff9b::10.0.0.1]", "[2002:a00:1::]", "[2001:0:a00:1::]",
]  # fmt: skip


@asynccontextmanager
async def answering(
    answer: bytes, piece: bytes = b"", pause_seconds: float = 0
) -> AsyncIterator[tuple[int, list[bytes]]]:
    """A server that answers this, and a piece for ever; its port, and the heads of the requests."""
    heads: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(answer)
        try:
            while piece:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(pause_seconds)
        except ConnectionError:
            return
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], heads


@pytest.mark.parametrize("host", HIDDEN)
async def test_an_address_that_is_not_public_is_never_asked(host: str) -> None:
    with pytest.raises(Forbidden, match="not public"):
        await post(f"https://{host}:1/", b"{}", {})


@pytest.mark.parametrize("url", ["http://93.184.216.34/", "ftp://93.184.216.34/", "https:///nothing", "x"])
async def test_only_https_is_allowed(url: str) -> None:
    with pytest.raises(Forbidden, match="https"):
        await post(url, b"{}", {})


async def test_a_name_with_one_hidden_address_among_public_ones_is_not_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names(monkeypatch, "93.184.216.34", "10.0.0.1")
    with pytest.raises(Forbidden, match="not public"):
        await post("https://gifts.example/", b"{}", {})


async def test_the_address_that_was_looked_up_is_connected_to_and_the_name_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with answering(b"HTTP/1.1 200 X\r\ncontent-length: 2\r\n\r\n{}") as (port, heads):
        looked_up = names(monkeypatch, "127.0.0.1")
        sent = await post(f"http://gifts.example:{port}/x", b"{}", {"a": "b"}, private_allowed=True)
    assert (sent.status, sent.body, sent.is_success) == (200, b"{}", True)
    assert looked_up == ["gifts.example"]
    assert f"host: gifts.example:{port}".encode() in heads[0].lower()


async def test_of_an_answer_without_end_only_the_beginning_is_read() -> None:
    head = b"HTTP/1.1 200 X\r\ncontent-length: 99999999999\r\n\r\n"
    async with answering(head, b"x" * 4096) as (port, _):
        sent = await post(f"http://127.0.0.1:{port}/", b"{}", {}, private_allowed=True)
    assert len(sent.body) == ANSWER_BYTES_MAX


async def test_who_never_finishes_an_answer_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outgoing, "TIMEOUT_SECONDS", 0.3)
    async with answering(b"HTTP/1.1 200 X\r\ncontent-length: 999\r\n\r\n", b"x", 0.05) as (port, _):
        with pytest.raises(TimeoutError):
            await post(f"http://127.0.0.1:{port}/", b"{}", {}, private_allowed=True)


def names(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> list[str]:
    """Every name has these addresses; returns what is looked up."""
    looked_up: list[str] = []
    loop = asyncio.get_running_loop()
    real = loop.getaddrinfo

    async def getaddrinfo(host: str, port: int, **more: Any) -> Any:
        looked_up.append(host)
        if host.endswith(".example"):
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in addresses]
        return await real(host, port, **more)

    monkeypatch.setattr(loop, "getaddrinfo", getaddrinfo)
    return looked_up
