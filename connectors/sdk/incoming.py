"""Events that come from outside as JSON: checked against the contracts, the claim and the clock."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from pydantic import ValidationError

from connectors.sdk.claims import Claim
from connectors.sdk.cleaning import Cleaner
from connectors.sdk.metrics import EVENTS_REFUSED
from connectors.sdk.outlet import Timed
from shared.contracts.chat import CHAT_CONTRACTS, ClockSet
from shared.contracts.connectors import ConnectorGap
from shared.contracts.contract import Contract
from shared.contracts.envelope import parse_time

AHEAD_MAX = timedelta(minutes=5)
"""Services refuse what claims to be later."""
BEHIND_MAX = timedelta(days=7)
"""What is older than services remember; a history is imported instead."""
ERRORS_TOLD_MAX = 3
TAKEN: dict[str, type[Contract]] = {
    name: contract
    for contract in (*(each for each in CHAT_CONTRACTS if each is not ClockSet), ConnectorGap)
    for name in (contract.TYPE, contract.ce_type())
}
"""What may come from outside, by its name. The clock is not among them: it is an operator's."""
Slug = Literal["invalid", "unknown_type", "foreign_community", "clock"]


@dataclass(frozen=True, slots=True)
class NotTaken:
    """Why one event is refused: a slug for programs, a sentence for people."""

    slug: Slug
    detail: str


@dataclass(frozen=True, slots=True)
class Incoming:
    """Reads events of one sender, who may write to these claims only."""

    connector_id: str
    claims: tuple[Claim, ...]
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    def read(self, item: Any) -> Timed | NotTaken:
        """The event of `{"type": …, "time": …, "data": {…}}`, or why it is none."""
        found = self._read(item)
        if isinstance(found, NotTaken):
            EVENTS_REFUSED.labels(found.slug).inc()
        return found

    def _read(self, item: Any) -> Timed | NotTaken:
        if not isinstance(item, dict) or not isinstance(item.get("data"), dict):
            return NotTaken("invalid", "an event is an object with type, time and data")
        contract = TAKEN.get(str(item.get("type")))
        if contract is None:
            return NotTaken("unknown_type", "the type is none that a connector publishes")
        moment = self._moment(item.get("time"))
        if isinstance(moment, NotTaken):
            return moment
        data = item["data"]
        if contract is ConnectorGap:
            data = {**data, "connector_id": self.connector_id}
        try:
            event: Contract = Cleaner().build(contract, **data)
        except (ValidationError, TypeError) as error:
            return NotTaken("invalid", _told(error))
        return (event, moment) if self._may_write(event) else _foreign()

    def _may_write(self, event: Contract) -> bool:
        channel_id, member_id = getattr(event, "channel_id", None), getattr(event, "member_id", None)
        if isinstance(event, ConnectorGap):
            return any(claim.community_id == event.community_id for claim in self.claims)
        return any(claim.holds(event.community_id, channel_id, member_id) for claim in self.claims)

    def _moment(self, value: Any) -> datetime | NotTaken:
        try:
            moment = parse_time(value) if isinstance(value, str) else None
        except (ValueError, OverflowError):
            moment = None
        if moment is None:
            return NotTaken("invalid", "time is missing, or is not RFC 3339 with a zone")
        now = self.clock()
        if moment > now + AHEAD_MAX:
            return NotTaken("clock", f"time lies in the future; here it is {now:%Y-%m-%dT%H:%M:%SZ}")
        if moment < now - BEHIND_MAX:
            return NotTaken("clock", "time is over 7 days ago; a history is imported with `hearth import`")
        return moment


def _foreign() -> NotTaken:
    return NotTaken("foreign_community", "this sender may not write to that community, channel or namespace")


def _told(error: ValidationError | TypeError) -> str:
    """Field and complaint, never the value."""
    if not isinstance(error, ValidationError):
        return "data has a field whose name is no text"
    problems = error.errors(include_url=False, include_context=False, include_input=False)
    told = [f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in problems[:ERRORS_TOLD_MAX]]
    more = len(problems) - len(told)
    return "; ".join(told) + (f"; and {more} more" if more > 0 else "")


def split(found: Iterable[Timed | NotTaken]) -> tuple[list[Timed], list[tuple[int, NotTaken]]]:
    """What is taken, in order, and what is not, with its place."""
    taken: list[Timed] = []
    refused: list[tuple[int, NotTaken]] = []
    for index, each in enumerate(found):
        if isinstance(each, NotTaken):
            refused.append((index, each))
        else:
            taken.append(each)
    return taken, refused
