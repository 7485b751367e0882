"""A real community's year as reporting's handler meets it: 160 000 messages in order of their file."""

import gzip
import json
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from shared.contracts.profiles import CommunityProfile
from shared.engine import Event
from shared.postgres.connection import Connection
from tests.builders import posted
from tests.reporting_world import record

FILE = "community-2024.jsonl.gz"
BATCH = 4000


def history(path: Path, about: CommunityProfile) -> Iterator[Event[Any]]:
    """The year's messages in order of the file."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            message = json.loads(line)
            reply = message.get("reply_to")
            yield posted(
                message["text"][:1000],
                datetime.fromisoformat(message["sent_at"]),
                member=message["sender"],
                message=str(message["id"]),
                channel=message["channel"],
                thread=message.get("topic") or None,
                reply_to=str(reply) if reply else None,
                is_bot=message.get("is_bot", False),
                community=about.community_id,
                about=about,
            )


def batches(path: Path, about: CommunityProfile) -> Iterator[list[Event[Any]]]:
    """The same, cut."""
    events = history(path, about)
    while batch := list(islice(events, BATCH)):
        yield batch


async def take(connection: Connection, batch: list[Event[Any]]) -> None:
    """The engine never hands an event twice; what the file repeats inside a batch is left out here."""
    await record(connection, once(batch))


def once(events: list[Event[Any]]) -> list[Event[Any]]:
    """Of what stands in the file twice, in a few cases in two channels, the one that comes first."""
    return list({event.id: event for event in reversed(events)}.values())[::-1]
