"""Which contracts travel on which topic, who publishes there, and who listens."""

from dataclasses import dataclass

from shared.contracts.chat import CHAT_CONTRACTS
from shared.contracts.commands import COMMAND_CONTRACTS, RECEIPT_CONTRACTS
from shared.contracts.connectors import ConnectorGap, ConnectorState
from shared.contracts.contract import Contract
from shared.contracts.engagement import ENGAGEMENT_CONTRACTS
from shared.contracts.moderation import MODERATION_CONTRACTS
from shared.contracts.profiles import CommunityProfile
from shared.contracts.progress import PROGRESS_CONTRACTS
from shared.contracts.rewards import REWARDS_CONTRACTS
from shared.contracts.topics import (
    CHAT_COMMANDS,
    CHAT_EVENTS,
    CHAT_RECEIPTS,
    COMMUNITY_PROFILES,
    CONNECTOR_STATES,
    ENGAGEMENT_EVENTS,
    MODERATION_EVENTS,
    REWARDS_EVENTS,
)

Contracts = tuple[type[Contract], ...]


@dataclass(frozen=True, slots=True)
class Channel:
    """A topic as its readers see it."""

    topic: str
    publisher: str
    meaning: str
    contracts: Contracts
    sent: bool
    """Whether the services write to it."""
    received: bool = True
    """Whether a service reads it."""


CHANNELS = (
    Channel(
        CHAT_EVENTS,
        "connectors",
        "What happened in the chats, and, in order with it, profiles and clocks of the communities.",
        (*CHAT_CONTRACTS, CommunityProfile, ConnectorGap),
        sent=False,
    ),
    Channel(
        CHAT_COMMANDS,
        "moderation, engagement, rewards",
        "What services ask connectors to do.",
        COMMAND_CONTRACTS,
        sent=True,
        received=False,
    ),
    Channel(
        CHAT_RECEIPTS, "connectors", "What connectors did about commands.", RECEIPT_CONTRACTS, sent=False
    ),
    Channel(
        COMMUNITY_PROFILES,
        "connectors, operators",
        "The newest profile of every community; compacted.",
        (CommunityProfile,),
        sent=False,
    ),
    Channel(
        MODERATION_EVENTS,
        "moderation",
        "What moderation found and did, and how far it is.",
        (*MODERATION_CONTRACTS, *PROGRESS_CONTRACTS),
        sent=True,
    ),
    Channel(
        ENGAGEMENT_EVENTS,
        "engagement",
        "What engagement saw and did, and how far it is.",
        (*ENGAGEMENT_CONTRACTS, *PROGRESS_CONTRACTS),
        sent=True,
    ),
    Channel(
        REWARDS_EVENTS,
        "rewards",
        "What members earned and received, and how far rewards is.",
        (*REWARDS_CONTRACTS, *PROGRESS_CONTRACTS),
        sent=True,
    ),
    Channel(
        CONNECTOR_STATES,
        "connectors",
        "How each connector fares, told every few seconds; compacted, the key is `connector-<id>`.",
        (ConnectorState,),
        sent=False,
        received=False,
    ),
)


def channels_of(contract: type[Contract]) -> tuple[Channel, ...]:
    """The channels that carry a contract."""
    return tuple(channel for channel in CHANNELS if contract in channel.contracts)
