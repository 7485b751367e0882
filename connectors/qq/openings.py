"""Messages that a text can answer: QQ's bots do not speak unasked.

Source: bot.q.qq.com/wiki, sending messages: since 2025-04-21 a text must answer a message of the group,
within five minutes of it, and a message is answered five times at most.
"""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from connectors.sdk.outcomes import NotYet

OPEN_SECONDS = 290.0
ANSWERS_MAX = 5
KEPT_PER_GROUP = 50


@dataclass(slots=True)
class Opening:
    """A message, until when it can be answered, and how often it was."""

    message_id: str
    until: float
    answers: int = 0


@dataclass(slots=True)
class Openings:
    """The newest of every group."""

    clock: Callable[[], float] = time.monotonic
    _of: dict[str, deque[Opening]] = field(default_factory=dict)

    def note(self, group: str, message_id: str, age_seconds: float) -> None:
        """It was said so long ago."""
        until = self.clock() + OPEN_SECONDS - max(0.0, age_seconds)
        self._of.setdefault(group, deque(maxlen=KEPT_PER_GROUP)).append(Opening(message_id, until))

    def take(self, group: str, wanted: str | None) -> tuple[str, int]:
        """A message to answer, the wanted one if it can be, else the newest; and the answer's number.

        Raises NotYet where there is none.
        """
        now = self.clock()
        can = [each for each in self._of.get(group, ()) if each.until > now and each.answers < ANSWERS_MAX]
        if not can:
            raise NotYet("nobody has written whom a text could answer")
        chosen = next((each for each in can if each.message_id == wanted), can[-1])
        chosen.answers += 1
        return chosen.message_id, chosen.answers
