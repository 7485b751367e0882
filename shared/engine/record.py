"""One Kafka record on its own: read, validated, and given a kind of end before any state is touched."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple, Protocol

from pydantic import ValidationError

from shared.contracts.contract import TEXT_CHARACTERS_MAX, Contract
from shared.contracts.envelope import Envelope, Refused, read
from shared.contracts.partitioning import partition_of
from shared.contracts.profiles import CommunityProfile
from shared.contracts.progress import CommunityProgress, LaneProgress
from shared.contracts.registry import BY_TYPE, is_unknown_version
from shared.contracts.topics import CHAT_EVENTS

VALUE_BYTES_MAX = 1_048_576
DETAIL_CHARACTERS_MAX = 500
NUL_ESCAPE = b"\\u0000"
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_NOT_STORABLE = {0: REPLACEMENT, **dict.fromkeys(range(55296, 57344), REPLACEMENT)}


class Raw(Protocol):
    """A record as aiokafka gives it."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    """Milliseconds since 1970."""
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]


class Incoming(NamedTuple):
    """A valid event and where it lay."""

    record: Raw
    envelope: Envelope
    data: Contract


class Skipped(NamedTuple):
    """A record that is not for this service; counted."""

    record: Raw
    reason: str


@dataclass(frozen=True, slots=True)
class Dead:
    """A record that can never be applied, and why; `reason` is a slug of a closed set."""

    record: Raw
    reason: str
    detail: str
    event_id: str | None = None


Decoded = Incoming | Skipped | Dead


class Decoder:
    """Reads records for a service that handles `wanted` contracts; others of ours are skipped."""

    def __init__(self, wanted: frozenset[type[Contract]]) -> None:
        self._wanted: Mapping[str, type[Contract]] = {each.ce_type(): each for each in wanted}
        self.cleaned = 0
        """Records so far whose text had to be made storable."""

    def decode(self, record: Raw) -> Decoded:
        """The record's kind of end. Never raises."""
        try:
            return self._decode(record)
        except Refused as refused:
            if refused.reason == "empty" and record.topic == CommunityProfile.TOPIC:
                return Skipped(record, "tombstone")
            return Dead(record, refused.reason, refused.detail[:DETAIL_CHARACTERS_MAX])
        except RecursionError:
            return Dead(record, "too_deep", "the JSON is nested too deep")

    def _decode(self, record: Raw) -> Decoded:
        value = record.value
        if value is not None and len(value) > VALUE_BYTES_MAX:
            return Dead(record, "oversized", f"the value has {len(value)} bytes")
        envelope, data = read(record.headers, value)
        contract = self._wanted.get(envelope.type)
        if contract is None:
            return self._not_wanted(record, envelope)
        try:
            if NUL_ESCAPE in data:
                raise ValueError("NUL")
            event: Contract = contract.__pydantic_validator__.validate_json(data)
        except ValueError:  # ValidationError is one
            event_or_dead = self._clean(record, envelope, contract, data)
            if isinstance(event_or_dead, Dead):
                return event_or_dead
            event = event_or_dead
        if partition_of(event.community_id) == record.partition and record.topic == contract.TOPIC:
            return Incoming(record, envelope, event)
        misplaced = _misplaced(record, event)
        if misplaced:
            return Dead(record, misplaced, f"{envelope.type} does not belong here", envelope.id)
        return Incoming(record, envelope, event)

    def _not_wanted(self, record: Raw, envelope: Envelope) -> Decoded:
        if is_unknown_version(envelope.type):
            return Dead(
                record, "unknown_version", f"{envelope.type} is a version not known here", envelope.id
            )
        return Skipped(record, "not_handled" if envelope.type in BY_TYPE else "unknown_type")

    def _clean(
        self, record: Raw, envelope: Envelope, contract: type[Contract], data: bytes
    ) -> Contract | Dead:
        """The slow way: what cannot be stored becomes U+FFFD, text is cut, and only then is it judged.

        A message must not escape moderation by a NUL, a lone surrogate or its length.
        """
        try:
            fields = json.loads(data)
        except ValueError:
            return Dead(record, "not_json", "the data is no JSON", envelope.id)
        try:
            event = contract.model_validate(_storable(fields))
        except ValidationError as error:
            return Dead(record, "invalid", _explain(error), envelope.id)
        self.cleaned += 1
        return event


def _misplaced(record: Raw, event: Contract) -> str | None:
    """Why an event must not be believed where it lies: topics are who may say what, partitions are lanes."""
    home = event.partition if isinstance(event, LaneProgress) else partition_of(event.community_id)
    if home != record.partition:
        return "wrong_partition"
    if isinstance(event, LaneProgress | CommunityProgress):
        return None if record.topic == f"{event.service}.events" else "wrong_topic"
    if event.TOPIC and record.topic != event.TOPIC:
        in_order_with_chat = isinstance(event, CommunityProfile) and record.topic == CHAT_EVENTS
        return None if in_order_with_chat else "wrong_topic"
    return None


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return value.translate(_NOT_STORABLE)
    if isinstance(value, dict):
        cleaned = {_storable(name): _storable(each) for name, each in value.items()}
        if isinstance(cleaned.get("text"), str):
            cleaned["text"] = cleaned["text"][:TEXT_CHARACTERS_MAX]
        return cleaned
    if isinstance(value, list):
        return [_storable(each) for each in value]
    return value


def _explain(error: ValidationError) -> str:
    """Where and which rule, never the input: a dead letter's detail reaches logs and pages."""
    first = error.errors(include_url=False, include_input=False, include_context=False)[:5]
    told = "; ".join(f"{'.'.join(str(step) for step in each['loc'])}: {each['type']}" for each in first)
    return told[:DETAIL_CHARACTERS_MAX]


def recorded_at(record: Raw) -> datetime:
    """The log's own time of a record."""
    return datetime.fromtimestamp(max(0, record.timestamp) / 1000, UTC)
