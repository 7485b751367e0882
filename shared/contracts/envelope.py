"""CloudEvents 1.0 over Kafka: binary mode is written, binary and structured mode are read.

Source: CloudEvents Kafka protocol binding 1.0.2. In binary mode the attributes are `ce_*` headers and the
value is the JSON data; in structured mode the value is the whole event as JSON.
"""

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Literal, NamedTuple

from shared.contracts.contract import Contract
from shared.contracts.identity import event_id

Headers = Sequence[tuple[str, bytes | None]]
DAY_SECONDS = 24 * 3600
ID_STEP_SECONDS = 2**16 / 1000
"""What the last of an id's first eight digits counts; near enough to tell whether its day is the event's."""
ATTRIBUTE_BYTES_MAX = 1024
JSON = b"application/json"
OWN_SHAPE = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_VERSION, _CONTENT_TYPE = ("ce_specversion", b"1.0"), ("content-type", JSON)
_REQUIRED = ("specversion", "id", "source", "type", "time")


class Refused(ValueError):
    """A record that is no event of ours and never will be; `reason` is a slug, `detail` is for people."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


class Envelope(NamedTuple):
    """The context attributes of an event; a named tuple, since one is made for every record."""

    id: str
    """UUID-shaped, time-ordered; derived from source and id where the publisher's own is of another shape."""
    source: str
    type: str
    time: datetime
    """`occurred_at`: when it happened, in UTC."""
    traceparent: str | None = None


def write(event: Contract, envelope: Envelope) -> tuple[list[tuple[str, bytes]], bytes]:
    """Headers and value of an event in binary mode."""
    return headers_of(envelope), event.to_json()


def headers_of(envelope: Envelope) -> list[tuple[str, bytes]]:
    """The `ce_*` headers of an envelope."""
    source, ce_type = _origin(envelope.source, envelope.type)
    identifier, time = envelope.id.encode(), format_time(envelope.time).encode()
    headers = [_VERSION, ("ce_id", identifier), source, ce_type, ("ce_time", time), _CONTENT_TYPE]
    if envelope.traceparent:
        headers.append(("ce_traceparent", envelope.traceparent.encode()))
    return headers


@lru_cache(maxsize=4096)
def _origin(source: str, ce_type: str) -> tuple[tuple[str, bytes], tuple[str, bytes]]:
    """The two headers that a publisher's events of one type share."""
    return ("ce_source", source.encode()), ("ce_type", ce_type.encode())


def seal(event: Contract, source: str, occurred_at: datetime) -> Envelope:
    """The envelope of an event with its deterministic id."""
    return Envelope._make((event.identify(source, occurred_at), source, event.ce_type(), occurred_at, None))


def read(headers: Headers | None, value: bytes | None) -> tuple[Envelope, bytes]:
    """Envelope and JSON data of a record, whichever mode it came in. Raises `Refused`."""
    if value is None:
        raise Refused("empty", "the record has no value")
    attributes = dict(headers or ())
    get = attributes.get
    content_type = get("content-type")
    mode = "binary" if content_type == JSON else _mode(content_type)
    if mode == "structured":
        return _read_structured(value)
    version, identifier, source = get("ce_specversion"), get("ce_id"), get("ce_source")
    ce_type, time = get("ce_type"), get("ce_time")
    if version is None or identifier is None or source is None or ce_type is None or time is None:
        missing = [f"ce_{name}" for name in _REQUIRED if get(f"ce_{name}") is None]
        raise Refused("no_envelope", f"missing headers: {', '.join(missing)}")
    if mode == "other":
        raise Refused("not_json", "content-type is not application/json")
    return _envelope(version, identifier, source, ce_type, time, get("ce_traceparent")), value


def _mode(content_type: bytes | None) -> Literal["binary", "structured", "other"]:
    media_type = (content_type or JSON).partition(b";")[0].strip().lower()
    if media_type == b"application/cloudevents+json":
        return "structured"
    return "binary" if media_type == JSON else "other"


def _read_structured(value: bytes) -> tuple[Envelope, bytes]:
    try:
        event = json.loads(value)
    except (ValueError, RecursionError):
        raise Refused("not_json", "the structured event is no JSON") from None
    if not isinstance(event, dict):
        raise Refused("not_json", "the structured event is no JSON object")
    if "data" not in event:
        raise Refused("no_data", "the structured event has no JSON data")
    missing = [name for name in _REQUIRED if not isinstance(event.get(name), str)]
    if missing:
        raise Refused("no_envelope", f"missing attributes: {', '.join(missing)}")
    version, identifier, source, ce_type, time = (_encoded(event[name]) for name in _REQUIRED)
    trace = event.get("traceparent")
    envelope = _envelope(
        version, identifier, source, ce_type, time, _encoded(trace) if isinstance(trace, str) else None
    )
    return envelope, _data(event["data"])


def _encoded(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise Refused("bad_attribute", "an attribute holds a lone surrogate") from None


def _data(data: Any) -> bytes:
    try:
        return json.dumps(data).encode("ascii")
    except RecursionError:  # some Pythons let the reader go deeper than the writer
        raise Refused("not_json", "the data is nested too deeply") from None


def _envelope(
    version: bytes, identifier: bytes, source: bytes, ce_type: bytes, time: bytes, trace: bytes | None
) -> Envelope:
    if version != b"1.0":
        raise Refused("unknown_specversion", "specversion is not 1.0")
    if len(time) > ATTRIBUTE_BYTES_MAX:
        raise Refused("oversized_attribute", f"time has over {ATTRIBUTE_BYTES_MAX} bytes")
    try:
        moment = parse_time(time.decode("ascii"))
    except (ValueError, OverflowError):
        raise Refused("bad_attribute", "time is not RFC 3339 with a zone") from None
    known_source = _name(source)
    own_id = _own_id(identifier, moment) or event_id(moment, known_source, _text(identifier))
    traceparent = trace.decode("ascii", "ignore")[:64] if trace else None
    return Envelope._make((own_id, known_source, _name(ce_type), moment, traceparent))


def _own_id(identifier: bytes, moment: datetime) -> str | None:
    """The id itself when shape and time are ours; another is derived from source and id, which are unique."""
    if not OWN_SHAPE.fullmatch(identifier):
        return None
    text = identifier.decode()
    seconds = moment.timestamp()
    apart = int(text[:8], 16) * ID_STEP_SECONDS - (seconds if seconds > 0 else 0)
    return text if -DAY_SECONDS <= apart <= DAY_SECONDS else None


def _text(attribute: bytes) -> str:
    """An attribute that is neither empty, long, NUL-bearing nor in another encoding."""
    if len(attribute) > ATTRIBUTE_BYTES_MAX:
        raise Refused("oversized_attribute", f"an attribute has over {ATTRIBUTE_BYTES_MAX} bytes")
    if not attribute or b"\x00" in attribute:
        raise Refused("bad_attribute", "an attribute is empty or holds NUL")
    try:
        return attribute.decode()
    except UnicodeDecodeError:
        raise Refused("bad_attribute", "an attribute is not UTF-8") from None


_name = lru_cache(maxsize=4096)(_text)
"""Sources and types are few and come again with every record; ids do not."""


def parse_time(text: str) -> datetime:
    """An RFC 3339 time with its zone, as UTC. Raises ValueError or OverflowError."""
    moment = datetime.fromisoformat(text.upper())
    if moment.tzinfo is UTC:
        return moment
    if moment.tzinfo is None:
        raise ValueError("a time without zone")
    return moment.astimezone(UTC)


def format_time(moment: datetime) -> str:
    """RFC 3339 in UTC with `Z`."""
    utc = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    return f"{utc.isoformat()[:-6]}Z"
