"""Who wrote which message, for the recent part of a history: exports link replies to messages only."""

from dataclasses import dataclass, field

REMEMBERED_MAX = 200_000


@dataclass(slots=True)
class Authors:
    """Authors by message id; the oldest are forgotten first."""

    remembered_max: int = REMEMBERED_MAX
    _member_of: dict[str, str] = field(default_factory=dict)

    def remember(self, message_id: str, member_id: str) -> None:
        """Note who wrote it."""
        if len(self._member_of) >= self.remembered_max:
            del self._member_of[next(iter(self._member_of))]
        self._member_of[message_id] = member_id

    def of(self, message_id: str | None) -> str | None:
        """Who wrote it, if it is still known."""
        return self._member_of.get(message_id) if message_id else None
