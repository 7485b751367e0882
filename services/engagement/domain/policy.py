"""The numbers of check-ins that an operator of the service may choose."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class CheckinPolicy:
    """How long things last, on the community's clock."""

    answer_expires: timedelta = timedelta(minutes=10)
    """An answer that a connector could not say by then is not said."""
    verdicts_kept: timedelta = timedelta(days=30)
    """How long a removal waits for its message; no message of the chat is that late."""
