"""What every translation of an adapter's events begins with: whose place it is, and Hearth's ids."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

from nonebot.adapters import Event
from pydantic import ValidationError

from connectors.sdk.claims import Claim
from connectors.sdk.cleaning import Cleaner
from connectors.sdk.metrics import EVENTS_REFUSED
from connectors.sdk.outlet import Timed
from shared.contracts.contract import Contract

MALFORMED = (KeyError, TypeError, ValueError, AttributeError, OverflowError, OSError, ValidationError)
MENTIONS_MAX = 200
ATTACHMENTS_MAX = 50
Heard = TypeVar("Heard", bound=Event)


@dataclass(frozen=True, slots=True)
class Place:
    """A channel of a community. A message's id is its channel's and its own: `10001:7`."""

    claim: Claim
    channel: str
    cleaner: Cleaner

    def name(self, platform_id: object) -> str:
        """The id of a member as Hearth knows it."""
        return self.claim.name(str(platform_id))

    def message(self, platform_id: object) -> str:
        """The id of a message as Hearth knows it."""
        return self.claim.name(f"{self.channel}:{platform_id}")

    def make(self, contract: type[Contract], **fields: Any) -> Contract:
        """An event of this place."""
        made: Contract = self.cleaner.build(
            contract,
            community_id=self.claim.community_id,
            channel_id=self.claim.name(self.channel),
            **fields,
        )
        return made


@dataclass(slots=True)
class Translator(ABC, Generic[Heard]):
    """What is malformed is passed over and counted."""

    places: dict[str, Claim]
    cleaner: Cleaner = field(default_factory=Cleaner)

    def events(self, event: Any) -> list[Timed]:
        """What it tells; nothing for places of nobody and for what Hearth does not carry."""
        try:
            channel = self.channel_of(event)
            claim = self.places.get(channel) if channel is not None else None
            if channel is None or claim is None:
                return []
            moment = self.moment_of(event)
            return [(told, moment) for told in self.tell(Place(claim, channel, self.cleaner), event)]
        except MALFORMED:
            EVENTS_REFUSED.labels("invalid").inc()
            return []

    def changes_rights(self, event: Heard) -> bool:
        """Whether the bot's rights may be others now."""
        return False

    def opens(self, event: Heard) -> bool:
        """Whether a text may go out now that had to wait for this."""
        return False

    @abstractmethod
    def channel_of(self, event: Heard) -> str | None:
        """Where it happened, by the platform's own id."""

    @abstractmethod
    def moment_of(self, event: Heard) -> datetime:
        """When it happened."""

    @abstractmethod
    def tell(self, place: Place, event: Heard) -> Iterator[Contract]:
        """The events that it stands for."""


def message_in(claim: Claim, channel_id: str, message_id: str) -> tuple[str, str]:
    """Channel and message by the platform's own ids: the inverse of `Place.message`."""
    channel = claim.platform_id(channel_id)
    return channel, claim.platform_id(message_id).removeprefix(f"{channel}:")
