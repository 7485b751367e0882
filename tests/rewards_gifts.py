"""Gifts, closed months with winners, and a receiver of the fulfilment webhook, for tests of rewards."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.builders import at, posted
from tests.rewards_http import TEA, Site
from tests.rewards_world import checkin, words

AWARD = f"{TEA}/months/2024-03/award"


async def gift(site: Site, name: str, **fields: Any) -> Any:
    """Put a gift into the catalogue."""
    body = {"kind": "virtual", "name": name.title(), "stock": 3, "reason": "new", **fields}
    return await site.post(f"{TEA}/gifts/{name}", body, "PUT")


async def stock(site: Site, name: str) -> tuple[int, int]:
    """How many there are, and how many of them are promised."""
    shown = await site.json(f"{TEA}/gifts/{name}")
    return shown["stock"], shown["reserved"]


async def active_month(site: Site, *members: str) -> None:
    """March, in which these members were active, the first the most."""
    for place, member in enumerate(members):
        await site.world.tell(
            *(
                posted(words(100 * place + number), at(minutes=number), member=member)
                for number in range(2 * (len(members) - place))
            )
        )


async def close(site: Site, **more: Any) -> None:
    """March is over."""
    await site.world.fire(site.world.timer("2024-03"), **more)


async def rich(site: Site, member: str = "ann", days: int = 4) -> None:
    """A member with five points a day."""
    await site.world.tell(
        *(checkin(f"2024-03-{day:02}", member=member, moment=at(days=day)) for day in range(1, days + 1))
    )


@dataclass(slots=True)
class Receiver:
    """An HTTP server that is told which gifts to hand over."""

    url: str = ""
    answers: list[int] = field(default_factory=list)
    """Statuses of the answers to come; 200 when there are none left."""
    requests: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    @property
    def bodies(self) -> list[Any]:
        """What was asked."""
        return [json.loads(body) for _, body in self.requests]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[1:]
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head if line)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        self.requests.append((headers, body))
        status = self.answers.pop(0) if self.answers else 200
        content = b'{"proof": "parcel 7"}'
        writer.write(
            f"HTTP/1.1 {status} X\r\ncontent-length: {len(content)}\r\nconnection: close\r\n\r\n".encode()
            + content
        )
        await writer.drain()
        writer.close()


@asynccontextmanager
async def receiver() -> AsyncIterator[Receiver]:
    """A receiver on this machine."""
    made = Receiver()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/gifts"
    async with server:
        yield made
