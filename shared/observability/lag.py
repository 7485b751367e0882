"""Measures how late the event loop runs what is due: the first sign of a handler that blocks."""

import asyncio
import time

from shared.observability.metrics import gauge

EVERY_SECONDS = 0.25
WINDOW_SECONDS = 15.0

EVENT_LOOP_LAG = gauge(
    "hearth_event_loop_lag_seconds",
    "The longest that something due had to wait for the event loop, in the last 15 to 30 seconds.",
)


async def measure_loop_lag() -> None:
    """Sleep and see how much longer it took, until cancelled.

    Two windows, so that a peak stays visible for at least one scrape of every scraper.
    """
    earlier, current = 0.0, 0.0
    window_ends = time.monotonic() + WINDOW_SECONDS
    while True:
        before = time.monotonic()
        await asyncio.sleep(EVERY_SECONDS)
        now = time.monotonic()
        current = max(current, now - before - EVERY_SECONDS)
        EVENT_LOOP_LAG.set(max(earlier, current))
        if now >= window_ends:
            earlier, current, window_ends = current, 0.0, now + WINDOW_SECONDS
