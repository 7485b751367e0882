"""A whole connector: what you type is said by ann in the hall, and what Hearth asks for is printed."""

import asyncio
import os
import sys
import uuid
from datetime import UTC, datetime

from connectors.sdk.buckets import Rate
from connectors.sdk.claims import Claim
from connectors.sdk.command_store import CommandStore
from connectors.sdk.connector import Connector
from connectors.sdk.ladder import Ability
from connectors.sdk.outcomes import Done
from shared.contracts.chat import MessagePosted
from shared.contracts.commands import Command, SendMessage
from shared.contracts.profiles import Channel

COMMUNITY = "terminal-house"
CAN = frozenset({"send", "reply", "delete"})


class Terminal:
    """The platform: what it can do, how often, and how."""

    name = "terminal"
    rates: tuple[Rate, ...] = (Rate(10, 1.0),)
    channel_rates: tuple[Rate, ...] = (Rate(5, 1.0),)
    drops_doubles = False

    def ability(self, claim: Claim, channel_id: str | None) -> Ability:
        """The same everywhere."""
        return Ability(CAN)

    async def carry_out(self, claim: Claim, command: Command, command_id: str) -> Done:
        """Print it; a real one calls its platform, and raises one of `connectors.sdk.outcomes`."""
        told = command.text if isinstance(command, SendMessage) else command.model_dump_json()
        print(f"[{command.TYPE}] {told}", flush=True)
        return Done()


async def main() -> None:
    """Until the input ends."""
    store = await CommandStore.open(os.environ["CONNECTOR_STORE"])
    servers, claim = os.environ["KAFKA_BOOTSTRAP_SERVERS"], Claim(COMMUNITY)
    async with Connector(
        os.environ["CONNECTOR_ID"], servers, store, Terminal(), lambda: (claim,)
    ) as connector:
        hall = Channel(channel_id="hall", capabilities=tuple(sorted(CAN)))
        await connector.announce(COMMUNITY, [hall], name="Terminal house")
        while line := await asyncio.to_thread(sys.stdin.readline):
            message = MessagePosted(
                community_id=COMMUNITY, channel_id="hall", message_id=uuid.uuid4().hex, member_id="ann",
                text=line.strip(),
            )  # fmt: skip
            await connector.publish_surely([(message, datetime.now(UTC))])
    await store.close()


if __name__ == "__main__":
    asyncio.run(main())
