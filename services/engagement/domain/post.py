"""Something that Hearth wants to say in a channel by itself."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from services.engagement.domain.attention import PostKind
from services.engagement.domain.pulse import ChannelKey, WatchKind

POST_VALID = timedelta(minutes=30)
"""A connector that could not say it by then does not say it."""
PostState = Literal["sent", "waiting", "approval", "skipped"]


@dataclass(frozen=True, slots=True)
class Post:
    """Decided or waiting; `subject_id` and kind name what it is about, once."""

    community_id: str
    post_id: str
    channel_id: str
    kind: PostKind
    subject_id: str
    text: str
    cause_id: str
    wanted_at: datetime
    latest: datetime
    """After this it is not worth saying."""
    silent_since: datetime | None = None
    """It is dropped when people have written since."""
    topic_id: str | None = None
    watch_kind: WatchKind | None = None
    """Whether it is counted what people answer."""
    state: PostState = "waiting"
    reason: str | None = None
    decided_at: datetime | None = None
    local_date: date | None = None
    approved_by: str | None = None

    @property
    def channel(self) -> ChannelKey:
        """Where."""
        return self.community_id, self.channel_id
