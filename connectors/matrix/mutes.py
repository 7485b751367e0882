"""Mutes on Matrix: a power level below what speaking needs, and the level from before when the time is over.

A mute is noted before it is set, so its end comes also after a restart.
"""

import asyncio
import json
import logging
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from connectors.matrix.client import MatrixClient
from connectors.sdk.command_store import CommandStore
from connectors.sdk.outcomes import Busy, Gone, Refused, Unreachable

LEVELS = "m.room.power_levels"
MUTED = -1
NOTE = "mute "
LOOK_SECONDS = 5.0
TRY_AGAIN_SECONDS = 10.0

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Mutes:
    """One change of a room's levels at a time: each sets all of them."""

    client: MatrixClient
    store: CommandStore
    _turns: dict[str, asyncio.Lock] = field(default_factory=dict)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    async def mute(self, room: str, user: str, until: datetime) -> None:
        """Until then the member cannot write; a later mute replaces the end."""
        async with self._turn(room):
            levels = await self.client.state(room, LEVELS)
            noted = await self.store.noted(_name(room, user))
            before = json.loads(noted)["level"] if noted else _users(levels).get(user)
            await self.store.note(
                _name(room, user), json.dumps({"until": until.isoformat(), "level": before})
            )
            try:
                await self._set(room, levels, user, MUTED)
            except Refused:
                await self.store.forget_note(_name(room, user))
                raise
        self._news.set()

    async def unmute(self, room: str, user: str) -> None:
        """The level from before; for a member who was not muted by us, the room's usual one."""
        async with self._turn(room):
            noted = await self.store.noted(_name(room, user))
            levels = await self.client.state(room, LEVELS)
            if _users(levels).get(user, 0) <= MUTED:
                await self._set(room, levels, user, json.loads(noted)["level"] if noted else None)
            await self.store.forget_note(_name(room, user))

    async def run(self) -> None:
        """End mutes when their time is over, until cancelled."""
        while True:
            wait = await self._end_those_due()
            try:
                async with asyncio.timeout(wait):
                    await self._news.wait()
            except TimeoutError:
                continue
            self._news.clear()

    async def _end_those_due(self) -> float:
        """Seconds until the next end, at most a few."""
        wait, now = LOOK_SECONDS, datetime.now(UTC)
        for place, noted in (await self.store.notes(NOTE)).items():
            room, user = place.split(" ", 1)
            seconds = (datetime.fromisoformat(json.loads(noted)["until"]) - now).total_seconds()
            if seconds > 0:
                wait = min(wait, seconds)
            elif not await self._end(room, user):
                wait = min(wait, TRY_AGAIN_SECONDS)
        return wait

    async def _end(self, room: str, user: str) -> bool:
        try:
            await self.unmute(room, user)
        except (Busy, Unreachable) as error:
            log.warning("a mute's end waits: %s", error, extra={"action": "unmute_delayed"})
            return False
        except (Refused, Gone) as error:
            log.error("a mute cannot be ended: %s", error, extra={"action": "unmute_refused"})
            await self.store.forget_note(_name(room, user))
        return True

    async def _set(self, room: str, levels: dict[str, Any], user: str, level: int | None) -> None:
        users = {name: each for name, each in _users(levels).items() if name != user}
        if level is not None:
            users[user] = level
        await self.client.set_state(room, LEVELS, {**levels, "users": users})

    def _turn(self, room: str) -> asyncio.Lock:
        return self._turns.setdefault(room, asyncio.Lock())


def _name(room: str, user: str) -> str:
    return f"{NOTE}{room} {user}"


def _users(levels: dict[str, Any]) -> dict[str, int]:
    users = levels.get("users")
    return users if isinstance(users, dict) else {}
