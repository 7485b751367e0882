"""Topics: which may be put to a channel now, which is drawn, and what its yield says of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from services.engagement.domain.draw import Chance

TOPIC_RESTS = timedelta(days=14)
"""In a channel that heard of it."""
ELSEWHERE_RESTS = timedelta(days=1)
TAG_RESTS = timedelta(days=2)
SEEDINGS_KEPT = timedelta(days=30)
"""Nothing rests longer; older seedings are forgotten."""
FAILURES_MAX = 6
"""Seedings in a row that nobody answered, after which a topic retires."""
TAGS_MAX = 20

TopicState = Literal["draft", "active", "retired"]


@dataclass(frozen=True, slots=True)
class Topic:
    """Something to talk about, and how it did."""

    community_id: str
    topic_id: str
    text: str
    tags: tuple[str, ...] = ()
    source: str = "operator"
    """`operator`, `shipped`, `model`, or the id of the source that it was fetched from."""
    state: TopicState = "active"
    seeded: int = 0
    answered: int = 0
    """Seedings that somebody answered within half an hour."""
    replies: int = 0
    members: int = 0
    failures: int = 0
    """Seedings in a row without an answer."""
    last_seeded_at: datetime | None = None
    rests: timedelta = TOPIC_RESTS

    def is_rested(self, now: datetime, here_at: datetime | None) -> bool:
        """Whether it was left alone for long enough, in this channel and in all."""
        if self.last_seeded_at is not None and now - self.last_seeded_at < ELSEWHERE_RESTS:
            return False
        return here_at is None or now - here_at >= self.rests

    def seed(self, now: datetime) -> "Topic":
        """It is put to a channel."""
        return replace(self, seeded=self.seeded + 1, last_seeded_at=now)

    def measure(self, replies: int, members: int) -> "Topic":
        """What came of a seeding; it retires when it keeps failing."""
        failures = 0 if members else self.failures + 1
        retires = failures >= FAILURES_MAX and self.state == "active"
        return replace(
            self,
            answered=self.answered + (members > 0),
            replies=self.replies + replies,
            members=self.members + members,
            failures=failures,
            state="retired" if retires else self.state,
        )


class Seeding(NamedTuple):
    """A topic that was put to a channel lately."""

    topic_id: str
    at: datetime
    tags: tuple[str, ...]


def choose(
    topics: Sequence[Topic],
    here: Sequence[Seeding],
    now: datetime,
    chance: Chance,
    wanted: str | None = None,
) -> Topic | None:
    """Thompson sampling (Thompson 1933) over the share of seedings that are answered, prior Beta(1, 1).

    Topics in order of their ids, so that the same chance draws the same. `here` is what this channel heard of
    in the last weeks; `wanted` restricts to one tag. When every rested topic has a tag that this channel
    heard of within two days, tags are left out of account rather than saying nothing.
    """
    heard = {each.topic_id: each.at for each in sorted(here, key=lambda seeding: seeding.at)}
    tired = {tag for each in here if now - each.at < TAG_RESTS for tag in each.tags}
    ready = [
        each
        for each in sorted(topics, key=lambda topic: topic.topic_id)
        if each.state == "active"
        and each.is_rested(now, heard.get(each.topic_id))
        and (wanted is None or wanted in each.tags)
    ]
    fresh = [each for each in ready if not set(each.tags) & tired]
    best: tuple[float, Topic] | None = None
    for topic in fresh or ready:
        drawn = chance.betavariate(1.0 + topic.answered, 1.0 + max(0, topic.seeded - topic.answered))
        if best is None or drawn > best[0]:
            best = drawn, topic
    return best[1] if best else None
