"""Thinking in the time that the database takes."""

import asyncio
from collections.abc import Awaitable, Iterable
from typing import TypeVar

T = TypeVar("T")


async def during(waiting: Awaitable[T], steps: Iterable[object]) -> T:
    """Take the steps while something is waited for, looking at what has come between two of them.

    Ends when both have; raises what the steps raise, else what the awaited raises.
    """
    task = asyncio.ensure_future(waiting)
    try:
        for _ in steps:
            await asyncio.sleep(0)
    except BaseException:
        await asyncio.gather(task, return_exceptions=True)
        raise
    return await task
