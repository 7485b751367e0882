"""Which guild each channel belongs to: acts on members name the guild, messages the channel."""

from dataclasses import dataclass, field

from connectors.sdk.claims import Claim


@dataclass(slots=True)
class Guilds:
    """Learned from the platform's lists, where it has them, and from what happens."""

    channels: dict[str, Claim]
    _of: dict[str, str] = field(default_factory=dict)

    def note(self, channel: str, guild: str) -> None:
        """Remember it, where the channel is ours."""
        if channel in self.channels:
            self._of[channel] = guild

    def of(self, channel: str) -> str | None:
        """The channel's guild, where it is known."""
        return self._of.get(channel)

    def channel_of(self, guild: str) -> str | None:
        """One of our channels in a guild."""
        return next((channel for channel, known in self._of.items() if known == guild), None)
