"""A text before the rules by itself, outside of any chat: for operators who try them."""

from typing import NamedTuple

from services.moderation.domain.message import Finding, Message
from services.moderation.domain.rules import RULES
from services.moderation.domain.window import NOTHING
from shared.text import fingerprint_all, normalise


class Checked(NamedTuple):
    """The text as rules read it, and their findings."""

    normalised: str
    findings: tuple[Finding, ...]


def check(text: str) -> Checked:
    """What the rules find in the only message of an unknown member."""
    read = normalise(text)
    message = Message("", "", "", "", 0, read, fingerprint_all([read.text])[0])
    window = NOTHING.place(message)
    hits = [hit for rule in RULES if (hit := rule(message, window))]
    return Checked(read.text, tuple(hit.finding for hit in hits))
