"""HTTP over connections that are kept, with little work a request, as it is the service that is measured."""

import asyncio
from collections.abc import Mapping

from deploy.local.ports import HOST


class Lines:
    """Requests that leave at once, as long as a connection is idle."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._idle: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()

    async def open(self, many: int) -> None:
        """So many requests may be on their way at once; others wait."""
        for _ in range(many):
            self._idle.put_nowait(await asyncio.open_connection(HOST, self._port))

    async def post(self, path: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        """Status and content of the answer."""
        told = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        head = (
            f"POST {path} HTTP/1.1\r\nhost: {HOST}\r\ncontent-type: application/json\r\n"
            f"{told}content-length: {len(body)}\r\n\r\n"
        )
        line = await self._idle.get()
        line[1].write(head.encode() + body)
        answer = (await line[0].readuntil(b"\r\n\r\n")).decode().lower()
        content = await line[0].readexactly(int(answer.partition("content-length: ")[2].partition("\r")[0]))
        self._idle.put_nowait(line)
        return int(answer.split()[1]), content

    def close(self) -> None:
        """No more requests."""
        while not self._idle.empty():
            self._idle.get_nowait()[1].close()
