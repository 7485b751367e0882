"""A community's messages as Kafka keeps them: read beside the engine, without a group, changing nothing."""

import asyncio
from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from services.moderation.domain.recorded import Recorded
from services.moderation.store.moments import microseconds_of
from shared.contracts.chat import MessageEdited, MessagePosted
from shared.contracts.partitioning import partition_of
from shared.contracts.topics import CHAT_EVENTS
from shared.engine.record import Decoder, Incoming, Raw
from shared.kafka.access import Kafka, client_arguments

RECORDS_MAX = 500
FETCH_BYTES_MAX = 1_048_576
ASK_SECONDS_MAX = 15.0
LOOK_BACK = (timedelta(hours=1), timedelta(hours=24))
"""How long before its report a message may have been written: first the usual, then what is far."""
LOOK_SECONDS_MAX = 4.0
CLOCK_SKEW = timedelta(minutes=5)
"""The log's time of a message may be so much before the platform's."""


log = structlog.get_logger(__name__)


class Slice(NamedTuple):
    """The next messages of the record, in the order of the log."""

    messages: list[Recorded]
    share: float
    """0 to 1: how much of the log is read."""
    begins_at: datetime | None
    """Real time of the oldest record that the log still holds; None when it is empty."""


@dataclass(frozen=True, slots=True)
class RecordedLog:
    """Reads `chat.events`; its retention is how far back a record goes."""

    bootstrap_servers: Kafka

    async def read(self, community_id: str, since: datetime, until: datetime) -> AsyncGenerator[Slice, None]:
        """What the community's people wrote from `since` up to before `until`, up to the log's present end.

        Raises KafkaError, OSError or TimeoutError where the log cannot be read.
        """
        place = TopicPartition(CHAT_EVENTS, partition_of(community_id))
        consumer = AIOKafkaConsumer(
            **client_arguments(self.bootstrap_servers),
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            max_partition_fetch_bytes=FETCH_BYTES_MAX,
            request_timeout_ms=int(ASK_SECONDS_MAX * 1000),
        )
        decoder = Decoder(frozenset({MessagePosted, MessageEdited}))
        try:
            async with asyncio.timeout(ASK_SECONDS_MAX):
                await consumer.start()
            consumer.assign([place])
            begins_at, first, end = await _range(consumer, place, since)
            consumer.seek(place, first)
            at = first
            yield Slice([], 0.0 if at < end else 1.0, begins_at)
            while at < end:
                async with asyncio.timeout(ASK_SECONDS_MAX):
                    records = await _some(consumer, place)
                at = records[-1].offset + 1
                asked = _asked(records, end, community_id, decoder, since, until)
                yield Slice(asked, min(1.0, (at - first) / (end - first)), begins_at)
        finally:
            await consumer.stop()

    async def texts(self, community_id: str, wanted: Mapping[str, datetime]) -> dict[str, str]:
        """Texts of messages by id, as far as they are found in the time that a person waits.

        `wanted` says by when each was written; what an edit made of it before the last of these counts.
        """
        before = max(wanted.values()) + timedelta(microseconds=1)
        found: dict[str, str] = {}
        for span in LOOK_BACK:
            reading = self.read(community_id, min(wanted.values()) - span, before)
            try:
                async with asyncio.timeout(LOOK_SECONDS_MAX), aclosing(reading) as slices:
                    async for each in slices:
                        found |= {
                            one.message_id: one.text for one in each.messages if one.message_id in wanted
                        }
            except (KafkaError, OSError, TimeoutError) as error:
                log.warning(
                    "texts were not found in time", action="texts_missing", error=type(error).__name__
                )
            if len(found) == len(wanted):
                break
        return found


async def _range(
    consumer: AIOKafkaConsumer, place: TopicPartition, since: datetime
) -> tuple[datetime | None, int, int]:
    """Time of the oldest record, and the offsets from which and before which to read."""
    async with asyncio.timeout(ASK_SECONDS_MAX):
        beginning = (await consumer.beginning_offsets([place]))[place]
        end = (await consumer.end_offsets([place]))[place]
        if beginning >= end:
            return None, end, end
        consumer.seek(place, beginning)
        oldest = (await _some(consumer, place))[0]
        since_ms = max(0, int((since - CLOCK_SKEW).timestamp() * 1000))
        found = (await consumer.offsets_for_times({place: since_ms}))[place]
    begins_at = datetime.fromtimestamp(max(0, oldest.timestamp) / 1000, UTC)
    return begins_at, found.offset if found else end, end


async def _some(consumer: AIOKafkaConsumer, place: TopicPartition) -> list[Raw]:
    """The next records; waits until there are any."""
    while True:
        batches = await consumer.getmany(place, timeout_ms=500, max_records=RECORDS_MAX)
        for records in batches.values():
            if records:
                return list(records)


def _asked(
    records: Iterable[Raw],
    end: int,
    community_id: str,
    decoder: Decoder,
    since: datetime,
    until: datetime,
) -> list[Recorded]:
    key = community_id.encode()
    # another community's record of the same partition is not worth its decoding
    decoded = [decoder.decode(each) for each in records if each.key in (None, key) and each.offset < end]
    return [
        recorded
        for each in decoded
        if isinstance(each, Incoming)
        and each.data.community_id == community_id
        and since <= each.envelope.time < until
        and (recorded := _recorded(each))
    ]


def _recorded(incoming: Incoming) -> Recorded | None:
    """None for what a bot wrote."""
    data = incoming.data
    if not isinstance(data, MessagePosted | MessageEdited) or data.is_bot:
        return None
    posted_us = microseconds_of(incoming.envelope.time)
    message = (data.community_id, data.member_id, data.message_id, data.channel_id, posted_us, data.text)
    if isinstance(data, MessageEdited):
        return Recorded(*message, data.mentions, is_edit=True)
    return Recorded(*message, data.mentions, data.reply_to_member, data.member_roles)
