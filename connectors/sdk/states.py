"""How each connector fares, on the compacted topic: told every few seconds, read by `hearth connectors`
and by connectors that start, since no two may answer for one place."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from aiokafka import AIOKafkaConsumer, TopicPartition
from pydantic import ValidationError

from connectors.sdk.claims import Claim
from shared.contracts.connectors import ConnectorState
from shared.contracts.envelope import Refused, read
from shared.contracts.topics import CONNECTOR_STATES, PARTITIONS
from shared.kafka.access import Kafka, client_arguments

HEARTBEAT_SECONDS = 10.0
ALIVE_FOR = timedelta(seconds=35)
"""A state that is older is a connector that is gone, whatever it last said."""
POLL_MS = 500
REQUEST_TIMEOUT_MS = 15_000
Seen = tuple[ConnectorState, datetime]
"""A state and when it was told."""


def key_of(connector_id: str) -> str:
    """The record's key: connectors are no communities."""
    return f"connector-{connector_id}"


async def read_states(bootstrap_servers: Kafka) -> dict[str, Seen]:
    """The newest state of every connector by its id. Raises KafkaError."""
    places = [TopicPartition(CONNECTOR_STATES, number) for number in range(PARTITIONS)]
    newest: dict[str, Seen] = {}
    consumer = AIOKafkaConsumer(
        **client_arguments(bootstrap_servers), enable_auto_commit=False, request_timeout_ms=REQUEST_TIMEOUT_MS
    )
    try:
        await consumer.start()
        consumer.assign(places)
        await consumer.seek_to_beginning(*places)
        ends = await consumer.end_offsets(places)
        open_places = [place for place in places if ends[place] > 0]
        while open_places:
            found = await consumer.getmany(*open_places, timeout_ms=POLL_MS)
            for record in (record for records in found.values() for record in records):
                _take(newest, record.headers, record.value)
            open_places = [place for place in open_places if await consumer.position(place) < ends[place]]
    finally:
        await consumer.stop()
    return newest


def _take(newest: dict[str, Seen], headers: object, value: bytes | None) -> None:
    try:
        envelope, payload = read(headers, value)  # type: ignore[arg-type]
        state = ConnectorState.model_validate_json(payload)
    except (Refused, ValidationError):
        return
    known = newest.get(state.connector_id)
    if known is None or known[1] <= envelope.time:
        newest[state.connector_id] = (state, envelope.time)


def is_alive(seen: Seen, now: datetime) -> bool:
    """Whether the connector told of itself a moment ago and has not said goodbye."""
    state, told_at = seen
    return state.state != "stopped" and now - told_at < ALIVE_FOR


def rival(
    own_id: str,
    run_id: str,
    started_at: datetime,
    claims: Iterable[Claim],
    states: dict[str, Seen],
    now: datetime | None = None,
) -> str | None:
    """The connector that answers for one of our places and began before us; its id, or None.

    A second process under our own id is a rival too. Of two that began at one moment the lesser id wins.
    """
    now = now or datetime.now(UTC)
    ours = tuple(claims)
    for other_id, seen in states.items():
        state = seen[0]
        if state.run_id == run_id or not is_alive(seen, now) or state.state == "conflict":
            continue
        if (state.started_at, other_id, state.run_id) > (started_at, own_id, run_id):
            continue
        theirs = [Claim.of_place(place) for place in state.claims]
        if any(mine.meets(their) for mine in ours for their in theirs):
            return other_id
    return None
