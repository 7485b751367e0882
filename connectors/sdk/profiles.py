"""The profile that a community has now, from the compacted topic; a change keeps what it does not name."""

from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from pydantic import ValidationError

from shared.contracts.envelope import Refused, read
from shared.contracts.partitioning import partition_of
from shared.contracts.profiles import CommunityProfile
from shared.contracts.topics import COMMUNITY_PROFILES
from shared.kafka.access import Kafka, client_arguments

POLL_MS = 1_000
REQUEST_TIMEOUT_MS = 15_000


async def read_profile(bootstrap_servers: Kafka, community_id: str) -> CommunityProfile | None:
    """The newest revision, or None for a community that has no profile. Raises KafkaError."""
    place = TopicPartition(COMMUNITY_PROFILES, partition_of(community_id))
    consumer = AIOKafkaConsumer(
        **client_arguments(bootstrap_servers),
        enable_auto_commit=False,
        request_timeout_ms=REQUEST_TIMEOUT_MS,
    )
    newest: CommunityProfile | None = None
    try:
        await consumer.start()
        consumer.assign([place])
        await consumer.seek_to_beginning(place)
        end = (await consumer.end_offsets([place]))[place]
        while await consumer.position(place) < end:
            for record in (await consumer.getmany(place, timeout_ms=POLL_MS)).get(place, ()):
                profile = _profile(record, community_id)
                if profile and (newest is None or profile.revision > newest.revision):
                    newest = profile
    finally:
        await consumer.stop()
    return newest


def changed(
    known: CommunityProfile | None, community_id: str, revision: int, **changes: Any
) -> CommunityProfile:
    """The profile with these changes and a newer revision; None means no change. Raises ValidationError."""
    fields: dict[str, Any] = known.model_dump() if known else {"community_id": community_id}
    fields.update({name: value for name, value in changes.items() if value is not None})
    fields["revision"] = max(revision, known.revision + 1 if known else 0)
    return CommunityProfile(**fields)


def _profile(record: Any, community_id: str) -> CommunityProfile | None:
    if record.key != community_id.encode() or record.value is None:
        return None
    try:
        return CommunityProfile.model_validate_json(read(record.headers, record.value)[1])
    except (Refused, ValidationError):
        return None
