"""Standard Webhooks signatures: HMAC-SHA256 over `id.timestamp.body`, base64, as `v1,<signature>`.

Source: the Standard Webhooks specification 1.0. Several signatures stand side by side, separated by spaces,
and a bot has up to two secrets, so that secrets are changed without a pause.
"""

import base64
import binascii
import hashlib
import hmac
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

TOLERANCE_SECONDS = 300
ID_CHARACTERS_MAX = 128
SIGNATURES_MAX = 8
SECRET_BYTES = (24, 64)
SECRET_PREFIX = "whsec_"  # noqa: S105 - the name of the format
SEEN_MAX = 200_000


class BadSignature(Exception):
    """The request is not known to come from the bot that it names; `slug` says what is wrong."""

    def __init__(self, slug: str) -> None:
        super().__init__(slug)
        self.slug = slug


def decode_secret(text: str) -> bytes:
    """The key of `whsec_<base64>`. Raises ValueError for another shape or length."""
    try:
        key = base64.b64decode(text.removeprefix(SECRET_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("a secret is whsec_ and base64") from None
    if not text.startswith(SECRET_PREFIX) or not SECRET_BYTES[0] <= len(key) <= SECRET_BYTES[1]:
        raise ValueError(f"a secret is whsec_ and base64 of {SECRET_BYTES[0]} to {SECRET_BYTES[1]} bytes")
    return key


def sign(key: bytes, message_id: str, timestamp: int, body: bytes) -> str:
    """The signature with its version."""
    signed = b".".join((message_id.encode(), str(timestamp).encode(), body))
    return f"v1,{base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()}"


def headers_for(keys: Sequence[bytes], message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The three headers of a request, signed with every active secret."""
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(sign(key, message_id, timestamp, body) for key in keys),
    }


def verify(keys: Sequence[bytes], headers: Mapping[str, str], body: bytes, now: float) -> str:
    """The message's id. Raises BadSignature. Takes as long for a wrong signature as for a right one."""
    message_id, timestamp, signatures = (
        headers.get(f"webhook-{name}", "") for name in ("id", "timestamp", "signature")
    )
    if not message_id or len(message_id) > ID_CHARACTERS_MAX or not timestamp or not signatures:
        raise BadSignature("signature-missing")
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 12):
        raise BadSignature("signature-missing")
    given = [each.encode() for each in signatures.split(" ")[:SIGNATURES_MAX]]
    wanted = [sign(key, message_id, int(timestamp), body).encode() for key in keys]
    # no short cut: every pair is compared, each in constant time
    if not sum(hmac.compare_digest(mine, theirs) for mine in wanted for theirs in given):
        raise BadSignature("signature-wrong")
    if abs(now - int(timestamp)) > TOLERANCE_SECONDS:
        raise BadSignature("signature-stale")
    return message_id


@dataclass(slots=True)
class Seen:
    """Ids of requests that were answered, as long as the same request could come again."""

    clock: Callable[[], float] = time.monotonic
    _until: dict[tuple[str, str], float] = field(default_factory=dict)

    def first(self, bot: str, message_id: str) -> bool:
        """Whether it comes for the first time; notes it."""
        now = self.clock()
        self._forget(now)
        if self._until.get((bot, message_id), 0.0) > now:
            return False
        self._until[(bot, message_id)] = now + 2 * TOLERANCE_SECONDS
        return True

    def undo(self, bot: str, message_id: str) -> None:
        """It was not carried out, and may come again."""
        self._until.pop((bot, message_id), None)

    def _forget(self, now: float) -> None:
        """Notes are in order of time, so the first that holds ends the walk."""
        while self._until:
            oldest = next(iter(self._until))
            if self._until[oldest] > now and len(self._until) < SEEN_MAX:
                return
            del self._until[oldest]
