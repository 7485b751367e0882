"""The Matrix connector as a process, between a true Synapse and a true Kafka, with a room and its people."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import yaml

from connectors.sdk.profiles import read_profile
from deploy.local.home import REPOSITORY, Home
from deploy.local.ports import HOST
from deploy.local.process import Process, spawn
from tests.connector_world import Chat, new_name
from tests.synapse import AS_TOKEN, DOMAIN, HS_TOKEN, Person, Synapse

BOT = f"@hearth:{DOMAIN}"
WAIT_SECONDS_MAX = 60.0


@dataclass(slots=True)
class Room:
    """A room of one community, its owner and its connector."""

    home: Home
    servers: str
    synapse: Synapse
    owner: Person
    room: str
    chat: Chat
    process: Process | None = None
    people: dict[str, Person] = field(default_factory=dict)

    @property
    def community(self) -> str:
        """The community's id."""
        return self.chat.community

    def start(self) -> None:
        """Start the connector, or start it again."""
        folder = self.home.root / "matrix"
        folder.mkdir(exist_ok=True)
        rooms = folder / f"{self.community}.yaml"
        rooms.write_text(
            yaml.safe_dump({"communities": [{"community": self.community, "channels": [self.room]}]})
        )
        environment = {
            "KAFKA_BOOTSTRAP_SERVERS": self.servers,
            "CONNECTOR_ID": self.chat.connector_id,
            "CONNECTOR_STORE": f"sqlite:{folder}/{self.community}.db",
            "API_PORT": str(self.synapse.as_port),
            "MATRIX_HOMESERVER": self.synapse.url,
            "MATRIX_DOMAIN": DOMAIN,
            "MATRIX_AS_TOKEN": AS_TOKEN,
            "MATRIX_HS_TOKEN": HS_TOKEN,
            "PLACES_FILE": str(rooms),
        }
        command = [sys.executable, "-m", "connectors.matrix"]
        log = self.home.log("connector-matrix")
        self.process = spawn("matrix", command, log, environment=environment, folder=REPOSITORY)

    async def until_ready(self) -> None:
        """Until the connector listens and the bot is in the room."""
        assert self.process
        await self.process.until_ready(self._is_ready, WAIT_SECONDS_MAX)

    async def until_announced(self) -> None:
        """Until services can know what the room's bot may do."""

        async def announced() -> bool:
            profile = await read_profile(self.servers, self.community)
            return profile is not None and any("mute" in each.capabilities for each in profile.channels)

        await eventually(announced)

    async def _is_ready(self) -> bool:
        try:
            async with httpx.AsyncClient(trust_env=False, timeout=2) as client:
                await client.get(f"http://{HOST}:{self.synapse.as_port}/livez")
        except httpx.HTTPError:
            return False
        members = await self.owner.call("GET", f"/rooms/{self.room}/joined_members")
        return BOT in members["joined"]

    async def member(self, name: str) -> Person:
        """Somebody new, in the room."""
        person = await self.synapse.person(new_name(name))
        await person.join(self.room)
        self.people[name] = person
        return person

    async def level_of(self, person: Person) -> int:
        """Their power level."""
        levels = await self.owner.state(self.room, "m.room.power_levels")
        return int(levels["users"].get(person.name, 0))

    async def said(self, text: str) -> Any:
        """The newest message with this text in it, once it is there."""

        async def find() -> Any:
            for event in await self.owner.newest(self.room):
                if text in str(event["content"].get("body", "")):
                    return event
            return None

        return await eventually(find)


async def eventually(find: Callable[[], Awaitable[Any]], seconds_max: float = WAIT_SECONDS_MAX) -> Any:
    """What it finds at last; fails after a while."""
    async with asyncio.timeout(seconds_max):
        while not (found := await find()):  # noqa: ASYNC110
            await asyncio.sleep(0.2)
    return found


@contextlib.asynccontextmanager
async def room(
    home: Home, servers: str, synapse: Synapse, folder: Path, community: str = ""
) -> AsyncIterator[Room]:
    """An open room whose connector runs; the bot is an administrator: others may not mute."""
    owner = await synapse.person(new_name("owner"))
    levels = {"users": {BOT: 100}, "state_default": 50}
    made = await owner.call(
        "POST",
        "/createRoom",
        {"preset": "public_chat", "invite": [BOT], "power_level_content_override": levels},
    )
    chat = Chat(servers, folder)
    chat.connector_id = new_name("matrix")
    chat.community = community or chat.community
    there = Room(home, servers, synapse, owner, made["room_id"], chat)
    there.start()
    try:
        await there.until_ready()
        yield there
    finally:
        assert there.process
        assert await there.process.stop(30) == 0
