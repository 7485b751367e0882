"""Ids that a repeated delivery reproduces: 48 bits of the event's milliseconds, then a hash of what it is.

The shape is UUID version 8 of RFC 9562, so ids sort by time and an index on them grows at its end.
"""

from datetime import UTC, datetime
from hashlib import blake2b

DAY_MS = 24 * 3600 * 1000
WEEK_MS = 7 * DAY_MS
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_VARIANT = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}


def milliseconds(moment: datetime) -> int:
    """Whole milliseconds since 1970 of an aware datetime, never negative."""
    since = moment - _EPOCH
    whole = since.days * DAY_MS + since.seconds * 1000 + since.microseconds // 1000
    return whole if whole > 0 else 0


def event_id(occurred_at: datetime, *parts: str) -> str:
    """UUID-shaped id of a time and the parts that name the event; each part carries its length."""
    joined = "".join([f"{len(part)}:{part}" for part in parts]).encode("utf-8", "surrogatepass")
    digest = blake2b(joined, digest_size=10).hexdigest()
    time = f"{milliseconds(occurred_at):012x}"
    return f"{time[:8]}-{time[8:]}-8{digest[:3]}-{_VARIANT[digest[3]]}{digest[4:7]}-{digest[7:19]}"


def id_milliseconds(identifier: str) -> int:
    """The time inside an id, in milliseconds since 1970."""
    return int(identifier[:8] + identifier[9:13], 16)
