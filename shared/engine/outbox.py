"""The outbox: events written in the transaction that caused them, numbered without gaps per lane."""

from collections.abc import Sequence
from datetime import date

from shared.contracts.partitioning import partition_of
from shared.engine.sender import Letter
from shared.engine.work import Outgoing
from shared.postgres.connection import Connection

COLUMNS = ("lane", "seq", "day", "event_id", "topic", "partition", "key", "headers", "payload")


async def write_outbox(
    connection: Connection, today: date, rows: Sequence[tuple[int, int, Outgoing]]
) -> None:
    """Write rows (lane, seq, event); their numbers must follow the lane's counter without a gap.

    By COPY, which costs the client a third of an INSERT from arrays.
    """
    if not rows:
        return
    records = [
        (lane, seq, today, event.event_id, event.topic, target_partition(event), event.key,
         pack_headers(event.headers), event.payload)
        for lane, seq, event in rows
    ]  # fmt: skip
    await connection.copy_records_to_table("outbox", records=records, columns=COLUMNS)


def target_partition(event: Outgoing) -> int:
    """Where the event goes: its community's partition, unless it speaks for a lane."""
    return event.partition if event.partition is not None else partition_of(event.key)


def pack_headers(headers: Sequence[tuple[str, bytes]]) -> str:
    """Headers as lines `name=value`; all of ours are ASCII without line breaks."""
    return "\n".join([f"{name}={value.decode()}" for name, value in headers])


def unpack_headers(packed: str) -> list[tuple[str, bytes]]:
    """The headers that `pack_headers` packed."""
    pairs = [line.partition("=") for line in packed.split("\n")]
    return [(name, value.encode()) for name, _, value in pairs]


def letter_of(event: Outgoing) -> Letter:
    """The event as Kafka takes it."""
    return Letter(event.topic, target_partition(event), event.key.encode(), event.payload, event.headers)
