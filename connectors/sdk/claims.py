"""What a connector answers for: which commands are its own, and whether another one claims the same."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from shared.contracts.commands import Command
from shared.contracts.connectors import ClaimedPlace


@dataclass(frozen=True, slots=True)
class Claim:
    """One community, or the part of it whose ids carry this platform's namespace."""

    community_id: str
    namespace: str = ""
    """`qq`: ids are `qq:10001`. Empty where the community is on one platform only."""
    channels: frozenset[str] = field(default_factory=frozenset)
    """Only these, by their full ids; empty: all."""

    def name(self, platform_id: str) -> str:
        """The id as Hearth knows it."""
        return f"{self.namespace}:{platform_id}" if self.namespace else platform_id

    def platform_id(self, name: str) -> str:
        """The id as the platform knows it: the inverse of `name`."""
        return name.removeprefix(f"{self.namespace}:") if self.namespace else name

    def holds(self, community_id: str, channel_id: str | None, member_id: str | None) -> bool:
        """Whether a place of this community is this connector's; the channel decides before the member."""
        if community_id != self.community_id:
            return False
        if channel_id is not None and self.channels and channel_id not in self.channels:
            return False
        target = channel_id or member_id
        return not self.namespace or (target is not None and target.startswith(f"{self.namespace}:"))

    def meets(self, other: "Claim") -> bool:
        """Whether both would carry out one command."""
        if self.community_id != other.community_id:
            return False
        if self.namespace and other.namespace and self.namespace != other.namespace:
            return False
        return not self.channels or not other.channels or bool(self.channels & other.channels)

    def as_place(self) -> ClaimedPlace:
        """The claim as it travels."""
        return ClaimedPlace(
            community_id=self.community_id, namespace=self.namespace, channels=tuple(sorted(self.channels))
        )

    @classmethod
    def of_place(cls, place: ClaimedPlace) -> "Claim":
        """The inverse of `as_place`."""
        return cls(place.community_id, place.namespace, frozenset(place.channels))


def claim_for(claims: Iterable[Claim], command: Command) -> Claim | None:
    """The claim that a command falls under, or None when it is somebody else's."""
    channel_id, member_id = getattr(command, "channel_id", None), getattr(command, "member_id", None)
    for claim in claims:
        if claim.holds(command.community_id, channel_id, member_id):
            return claim
    return None
