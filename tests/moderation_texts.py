"""Messages for rules that read texts: only what such a rule looks at."""

from collections.abc import Sequence

from services.moderation.domain.message import Message
from shared.text import fingerprint_all, normalise_all


def messages(texts: Sequence[str], member: str = "m1", **fields: object) -> list[Message]:
    """A batch of one member's messages; `fields` are further ones of each message."""
    reads = normalise_all(texts)
    marks = fingerprint_all([read.text for read in reads])
    return [
        Message("c1", member, f"e{number}", "ch1", number, read, mark)._replace(**fields)
        for number, (read, mark) in enumerate(zip(reads, marks, strict=True))
    ]
