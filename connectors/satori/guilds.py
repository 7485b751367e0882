"""Asks a Satori server which guild each channel belongs to."""

from collections.abc import AsyncIterator
from typing import Any

from connectors.nonebot.guilds import Guilds
from connectors.nonebot.line import Line

PAGES_MAX = 100


async def learn_guilds(line: Line, guilds: Guilds, features: frozenset[str]) -> None:
    """From its lists; on a platform with plain guilds each is its own only channel."""
    if "guild.plain" in features:
        for channel in guilds.channels:
            guilds.note(channel, channel)
    elif {"guild.list", "channel.list"} <= features:
        async for guild in _pages(line, "guild_list"):
            async for channel in _pages(line, "channel_list", guild_id=guild.id):
                guilds.note(channel.id, guild.id)


async def _pages(line: Line, api: str, **fields: Any) -> AsyncIterator[Any]:
    token: str | None = None
    for _ in range(PAGES_MAX):
        page = await line.call(api, **fields, next_token=token)
        for each in page.data:
            yield each
        token = page.next
        if token is None:
            return
