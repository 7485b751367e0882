"""The topics: their names are the contract, and every one has the same number of partitions."""

from dataclasses import dataclass

PARTITIONS = 24
"""One number for all: partition n of every topic holds the same communities."""

CHAT_EVENTS = "chat.events"
CHAT_COMMANDS = "chat.commands"
CHAT_RECEIPTS = "chat.receipts"
COMMUNITY_PROFILES = "community.profiles"
MODERATION_EVENTS = "moderation.events"
ENGAGEMENT_EVENTS = "engagement.events"
REWARDS_EVENTS = "rewards.events"
CONNECTOR_STATES = "connector.states"


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic by name; a compacted one keeps only the newest record of each key."""

    name: str
    compacted: bool = False


TOPICS = (
    Topic(CHAT_EVENTS),
    Topic(CHAT_COMMANDS),
    Topic(CHAT_RECEIPTS),
    Topic(COMMUNITY_PROFILES, compacted=True),
    Topic(MODERATION_EVENTS),
    Topic(ENGAGEMENT_EVENTS),
    Topic(REWARDS_EVENTS),
    Topic(CONNECTOR_STATES, compacted=True),
)
COMPACTED = frozenset(topic.name for topic in TOPICS if topic.compacted)
