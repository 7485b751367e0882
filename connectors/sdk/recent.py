"""A bounded memory of what was seen lately."""

from dataclasses import dataclass, field
from typing import Generic, TypeVar

REMEMBERED_MAX = 100_000
Value = TypeVar("Value")


@dataclass(slots=True)
class Recent(Generic[Value]):
    """The newest of what is noted; the oldest is forgotten first."""

    _known: dict[str, Value] = field(default_factory=dict)

    def note(self, key: str, value: Value) -> None:
        """Remember it."""
        if len(self._known) >= REMEMBERED_MAX:
            del self._known[next(iter(self._known))]
        self._known[key] = value

    def of(self, key: str) -> Value | None:
        """What is remembered, or None."""
        return self._known.get(key)
