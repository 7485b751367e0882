"""Ids of transactions: derived from the event that causes them, the same for ever, in order of their time."""

from hashlib import blake2b

TIME_CHARACTERS = 13
"""An event's id is UUID-shaped and begins with its milliseconds: two groups of 8 and 4 digits."""


def award_id(cause_id: str, rule: str, decision: int) -> str:
    """What an event earns by a rule; `decision` counts what was decided about its subject."""
    return _derive(cause_id, f"award\x1f{rule}\x1f{decision}")


def reversal_id(cause_id: str, reverses: str) -> str:
    """Taking an award back because of an event."""
    return _derive(cause_id, f"reversal\x1f{reverses}")


def derived_id(cause_id: str, kind: str, what: str = "") -> str:
    """What else a cause moves: a kind of transaction, once for each `what`."""
    return _derive(cause_id, f"{kind}\x1f{what}")


def _derive(cause_id: str, what: str) -> str:
    """UUID version 8 (RFC 9562): the cause's time, then 72 bits of a hash of the cause and what it does."""
    digest = blake2b(f"{cause_id}\x1f{what}".encode(), digest_size=9).hexdigest()
    return f"{cause_id[:TIME_CHARACTERS]}-8{digest[:3]}-8{digest[3:6]}-{digest[6:]}"
