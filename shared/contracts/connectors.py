"""What connectors tell of themselves: how they fare, what they answer for, and what they could not hear."""

from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from shared.contracts.contract import Contract, Id, Label
from shared.contracts.topics import CHAT_EVENTS, CONNECTOR_STATES


class ClaimedPlace(BaseModel):
    """A part of a community that one connector answers for."""

    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)

    community_id: Id
    namespace: Label = ""
    """Ids of this platform begin with it and a colon; empty: all ids of the community."""
    channels: tuple[Id, ...] = Field(default=(), max_length=2000)
    """Only these; empty: all."""


class ConnectorGap(Contract):
    """What happened in a chat between two moments is not known: the connector was away and cannot ask."""

    TYPE = "connector.gap"
    TOPIC = CHAT_EVENTS
    IDENTITY = ("connector_id", "channel_id", "gap_from", "gap_to")

    connector_id: Id
    channel_id: Id | None = None
    """None: every channel that the connector answers for in this community."""
    gap_from: AwareDatetime
    gap_to: AwareDatetime
    cause: Label = ""


class ConnectorState(Contract):
    """A connector's heartbeat; the newest of each connector stays. `community_id` is `connector-<id>`."""

    TYPE = "connector.state"
    TOPIC = CONNECTOR_STATES
    IDENTITY = ("connector_id", "run_id")

    connector_id: Id
    run_id: Id
    """New with each start."""
    platform: Label = ""
    state: Literal["running", "degraded", "conflict", "stopped"]
    """`degraded`: its last call of the platform failed. `conflict`: another answers for its place."""
    started_at: AwareDatetime
    claims: tuple[ClaimedPlace, ...] = Field(default=(), max_length=2000)
    events: int = Field(default=0, ge=0)
    """Published since the start."""
    events_per_minute: float = Field(default=0, ge=0)
    commands: int = Field(default=0, ge=0)
    """Answered with a receipt since the start."""
    commands_waiting: int = Field(default=0, ge=0)
    lag: int = Field(default=0, ge=0)
    """Records of the commands' topic that it has not looked at."""
    last_error: Label = ""
    last_error_at: AwareDatetime | None = None


CONNECTOR_CONTRACTS = (ConnectorGap, ConnectorState)
