"""A community as every service knows it: its name, zone, language, quiet hours and channels."""

from datetime import time
from typing import Annotated
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from shared.contracts.contract import Contract, Id, Label
from shared.contracts.topics import COMMUNITY_PROFILES

DEFAULT_TIME_ZONE = "Asia/Shanghai"
DEFAULT_LOCALE = "zh-CN"
_ZONES = available_timezones()


def _known_zone(name: str) -> str:
    if name not in _ZONES:
        raise ValueError(f"{name!r} is no IANA time zone (for example Asia/Shanghai)")
    return name


TimeZone = Annotated[str, AfterValidator(_known_zone)]


class Channel(BaseModel):
    """A group or room, and what the connector can do in it."""

    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)

    channel_id: Id
    name: Label = ""
    capabilities: tuple[Label, ...] = Field(default=(), max_length=50)
    """Of: delete, mute, remove, ban, pin, send, reply, direct, list_members, replay. Empty: not known."""
    mute_seconds_max: int | None = Field(default=None, ge=1)
    """The longest mute that the platform knows, where it has a limit."""


class CommunityProfile(Contract):
    """The newest revision wins, on whichever topic it comes first.

    Published on the compacted topic, for those who come later, and on `chat.events`, in order with the
    messages that it governs.
    """

    TYPE = "community.profile"
    TOPIC = COMMUNITY_PROFILES
    IDENTITY = ("revision",)

    revision: int = Field(ge=0)
    """Milliseconds of the change, or a counter: higher is newer."""
    name: Label = ""
    time_zone: TimeZone = DEFAULT_TIME_ZONE
    locale: Label = DEFAULT_LOCALE
    quiet_from: time = time(22, 0)
    quiet_until: time = time(9, 0)
    staleness_limit_minutes: int = Field(default=10, ge=1, le=7 * 24 * 60)
    """A message older than this on arrival is never answered with a sanction or a public message."""
    operators_channel_id: Id | None = None
    owner: Id | None = None
    """Who answers for it: the same campaign is seen in all communities of one owner."""
    channels: tuple[Channel, ...] = Field(default=(), max_length=2000)

    @property
    def zone(self) -> ZoneInfo:
        """The community's time zone."""
        return ZoneInfo(self.time_zone)

    def can(self, channel_id: str, capability: str) -> bool:
        """Whether the channel can do this; a channel that says nothing of itself is taken to be able."""
        for channel in self.channels:
            if channel.channel_id == channel_id:
                return not channel.capabilities or capability in channel.capabilities
        return True
