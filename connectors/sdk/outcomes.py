"""How a platform answers an act: a value when it is done, an exception when it is not."""

from dataclasses import dataclass
from http import HTTPStatus


@dataclass(frozen=True, slots=True)
class Done:
    """The platform did it."""

    platform_message_id: str | None = None
    downgraded_to: str | None = None
    """What was done instead of what was asked."""


class Refused(Exception):
    """The platform will not do it, however often asked: no right, no such member, text not allowed."""


class Unsupported(Exception):
    """The platform has no such act in this channel."""


class Gone(Exception):
    """What the act is about is not there any more. Deleting what is gone counts as done."""


class Busy(Exception):
    """The platform asks to wait (429)."""

    def __init__(self, detail: str, retry_after_seconds: float = 1.0) -> None:
        super().__init__(detail)
        self.retry_after_seconds = retry_after_seconds


class Unreachable(Exception):
    """The platform did not answer, or failed (5xx).

    `unsure` when it may have carried the act out all the same: a request that was sent and not answered.
    """

    def __init__(self, detail: str, *, unsure: bool = False) -> None:
        super().__init__(detail)
        self.unsure = unsure


class NotYet(Exception):
    """It cannot be done now but perhaps later, for example when somebody writes to whom a reply can go."""


def of_status(status: int, retry_after_seconds: float = 1.0) -> Exception:
    """What a platform's HTTP status means where its body says no more; 413 is a refusal like any other."""
    told = f"HTTP {status}"
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return Busy(told, retry_after_seconds)
    if status == HTTPStatus.NOT_IMPLEMENTED:
        return Unsupported(told)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Unreachable(told, unsure=True)
    return Gone(told) if status == HTTPStatus.NOT_FOUND else Refused(told)


def seconds_of(retry_after: object) -> float:
    """The wait that a `Retry-After` header asks for; a second where it says nothing of use."""
    try:
        seconds = float(str(retry_after))
    except ValueError:
        return 1.0
    return seconds if 0 <= seconds < float("inf") else 1.0
