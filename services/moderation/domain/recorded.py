"""Messages as a record holds them, before any rule has read them."""

from collections.abc import Sequence
from typing import NamedTuple

from services.moderation.domain.message import Message
from services.moderation.domain.policy import OPERATOR
from services.moderation.domain.reading import read_texts


class Recorded(NamedTuple):
    """What somebody who is no bot wrote, or what an edit made of it."""

    community_id: str
    member_id: str
    message_id: str
    channel_id: str
    posted_us: int
    """Microseconds since 1970."""
    text: str
    mentions: tuple[str, ...] = ()
    reply_to_member: str | None = None
    roles: tuple[str, ...] = ()
    is_edit: bool = False

    @property
    def is_operators(self) -> bool:
        """Whether no rule applies to it."""
        return OPERATOR in self.roles


def read_all(recorded: Sequence[Recorded]) -> list[Message]:
    """The messages as rules see them; the text of operators is not looked at."""
    written = ["" if each.is_operators else each.text for each in recorded]
    return [
        Message(
            each.community_id,
            each.member_id,
            each.message_id,
            each.channel_id,
            each.posted_us,
            *reading,
            each.mentions,
            each.reply_to_member,
            each.roles,
        )
        for each, reading in zip(recorded, read_texts(written), strict=True)
    ]
