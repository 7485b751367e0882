"""CloudEvents 1.0 over Kafka: binary mode is written, binary and structured mode are read.

Source: CloudEvents Kafka protocol binding 1.0.2. In binary mode the attributes are `ce_*` headers and the
value is the JSON data; in structured mode the value is the whole event as JSON.
"""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from shared.contracts.contract import Contract
from shared.contracts.identity import event_id, id_milliseconds, milliseconds

Headers = Sequence[tuple[str, bytes]]
DAY_MS = 24 * 3600 * 1000
ATTRIBUTE_CHARACTERS_MAX = 1024
OWN_SHAPE = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


class Refused(ValueError):
    """A record that is no event of ours and never will be; `reason` is a slug, `detail` is for people."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Envelope:
    """The context attributes of an event."""

    id: str
    """UUID-shaped, time-ordered; derived from source and id where the publisher's own is of another shape."""
    source: str
    type: str
    time: datetime
    """`occurred_at`: when it happened, in UTC."""
    traceparent: str | None = None


def write(event: Contract, envelope: Envelope) -> tuple[list[tuple[str, bytes]], bytes]:
    """Headers and value of an event in binary mode."""
    return headers_of(envelope), event.model_dump_json(exclude_defaults=True).encode()


def headers_of(envelope: Envelope) -> list[tuple[str, bytes]]:
    """The `ce_*` headers of an envelope."""
    headers = [
        ("ce_specversion", b"1.0"),
        ("ce_id", envelope.id.encode()),
        ("ce_source", envelope.source.encode()),
        ("ce_type", envelope.type.encode()),
        ("ce_time", format_time(envelope.time).encode()),
        ("content-type", b"application/json"),
    ]
    if envelope.traceparent:
        headers.append(("ce_traceparent", envelope.traceparent.encode()))
    return headers


def seal(event: Contract, source: str, occurred_at: datetime) -> Envelope:
    """The envelope of an event with its deterministic id."""
    return Envelope(event.identify(source, occurred_at), source, event.ce_type(), occurred_at)


def read(headers: Headers | None, value: bytes | None) -> tuple[Envelope, bytes]:
    """Envelope and JSON data of a record, whichever mode it came in. Raises `Refused`."""
    if value is None:
        raise Refused("empty", "the record has no value")
    attributes = _attributes(headers or ())
    content_type = attributes.get("content-type", b"")
    if content_type.startswith(b"application/cloudevents+json"):
        return _read_structured(value)
    try:
        version, identifier = attributes["ce_specversion"], attributes["ce_id"]
        source, ce_type, time = attributes["ce_source"], attributes["ce_type"], attributes["ce_time"]
    except KeyError as missing:
        raise Refused("no_envelope", f"header {missing.args[0]} is missing") from None
    if content_type and not content_type.startswith(b"application/json"):
        raise Refused("not_json", "content-type is not application/json")
    trace = attributes.get("ce_traceparent")
    return _envelope(version, identifier, source, ce_type, time, trace), value


def _attributes(headers: Iterable[tuple[str, bytes]]) -> dict[str, bytes]:
    return {name: value for name, value in headers if value is not None}


def _read_structured(value: bytes) -> tuple[Envelope, bytes]:
    try:
        event = json.loads(value)
    except (ValueError, RecursionError):
        raise Refused("not_json", "the structured event is no JSON") from None
    if not isinstance(event, dict):
        raise Refused("not_json", "the structured event is no JSON object")
    if "data" not in event:
        raise Refused("no_data", "the structured event has no JSON data")
    wanted = [event.get(name) for name in ("specversion", "id", "source", "type", "time", "traceparent")]
    if not all(isinstance(each, str) for each in wanted[:5]):
        raise Refused("no_envelope", "specversion, id, source, type or time is missing")
    version, identifier, source, ce_type, time, trace = (_bytes(each) for each in wanted)
    data = json.dumps(event["data"], ensure_ascii=True).encode()
    return _envelope(version, identifier, source, ce_type, time, trace), data


def _bytes(value: object) -> bytes:
    return value.encode("utf-8", "replace") if isinstance(value, str) else b""


def _envelope(
    version: bytes, identifier: bytes, source: bytes, ce_type: bytes, time: bytes, trace: bytes | None
) -> Envelope:
    if version != b"1.0":
        raise Refused("unknown_specversion", "specversion is not 1.0")
    if max(len(identifier), len(source), len(ce_type), len(time)) > ATTRIBUTE_CHARACTERS_MAX:
        raise Refused("oversized_attribute", f"an attribute has over {ATTRIBUTE_CHARACTERS_MAX} bytes")
    try:
        moment = parse_time(time.decode("ascii"))
        names = (identifier.decode(), source.decode(), ce_type.decode())
    except (UnicodeDecodeError, ValueError, OverflowError):
        raise Refused("bad_attribute", "an attribute is not UTF-8, or time is not RFC 3339") from None
    if not all(names) or "\x00" in "".join(names):
        raise Refused("bad_attribute", "an attribute is empty or holds NUL")
    traceparent = trace.decode("ascii", "ignore")[:64] if trace else None
    return Envelope(_own_id(names[0], names[1], moment), names[1], names[2], moment, traceparent)


def _own_id(identifier: str, source: str, moment: datetime) -> str:
    """The id itself when shape and time are ours, else one of source and id, unique by CloudEvents."""
    if OWN_SHAPE.fullmatch(identifier) and abs(id_milliseconds(identifier) - milliseconds(moment)) <= DAY_MS:
        return identifier
    return event_id(moment, source, identifier)


def parse_time(text: str) -> datetime:
    """An RFC 3339 time with its zone, as UTC. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a time without zone")
    return moment if moment.tzinfo is UTC else moment.astimezone(UTC)


def format_time(moment: datetime) -> str:
    """RFC 3339 in UTC with `Z`."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
