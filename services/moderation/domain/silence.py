"""Who was heard of when, by days: what a batch says of each member, in the order of the log."""

from dataclasses import dataclass
from datetime import date

from services.moderation.domain.message import Key


@dataclass(frozen=True, slots=True)
class Seen:
    """What is to be remembered of a member."""

    day: date
    """The day of the event, in the community's own time."""
    is_sighting: bool = True
    """A message, a reaction or joining; a change of roles and leaving are none."""
    is_operator: bool | None = None
    """None where the event says nothing of roles."""
    is_bot: bool = False
    is_gone: bool = False
    first_on: date | None = None
    """The earliest day, where there were several events."""

    def then(self, later: "Seen") -> "Seen":
        """With a later event of the log; its day may be earlier."""
        both = self.is_sighting == later.is_sighting
        day = max(self.day, later.day) if both else self.day if self.is_sighting else later.day
        return Seen(
            day,
            self.is_sighting or later.is_sighting,
            self.is_operator if later.is_operator is None else later.is_operator,
            self.is_bot or later.is_bot,
            later.is_gone,
            min(self.first_on or self.day, later.day),
        )


def note(seen: dict[Key, Seen], member: Key, what: Seen) -> None:
    """Add an event to what the batch says of its member."""
    before = seen.get(member)
    if before is not what:
        seen[member] = what if before is None else before.then(what)
