"""Ids that a repeated delivery reproduces: 48 bits of the event's milliseconds, then a hash of what it is.

The shape is UUID version 8 of RFC 9562, so ids sort by time and an index on them grows at its end.
"""

from datetime import UTC, datetime, timedelta
from hashlib import blake2b

WEEK_MS = 7 * 24 * 3600 * 1000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_VARIANT = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}


def milliseconds(moment: datetime) -> int:
    """Whole milliseconds since 1970 of an aware datetime, never negative."""
    since = (moment - _EPOCH) // _MILLISECOND
    return since if since > 0 else 0


def event_id(occurred_at: datetime, *parts: str) -> str:
    """UUID-shaped id of a time and the parts that name the event; each part carries its length."""
    joined = "".join([f"{len(part)}:{part}" for part in parts]).encode("utf-8", "surrogatepass")
    digest = blake2b(joined, digest_size=10).digest()
    raw = (milliseconds(occurred_at).to_bytes(6, "big") + digest).hex()
    return f"{raw[:8]}-{raw[8:12]}-8{raw[12:15]}-{_VARIANT[raw[15]]}{raw[16:19]}-{raw[19:31]}"


def id_milliseconds(identifier: str) -> int:
    """The time inside an id, in milliseconds since 1970."""
    return int(identifier[:8] + identifier[9:13], 16)
