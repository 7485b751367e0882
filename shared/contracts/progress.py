"""How far a service has come, so that others know when all of its facts up to a moment are out."""

from typing import ClassVar, Literal

from pydantic import AwareDatetime, Field

from shared.contracts.contract import Contract, Label


class LaneProgress(Contract):
    """Every event of this partition up to `clock` is handled, and its facts precede this record.

    `community_id` is `lane-<partition>`: this record speaks of no single community.
    """

    TYPE: ClassVar[str] = "progress.lane"
    TOPIC: ClassVar[str] = ""
    IDENTITY: ClassVar[tuple[str, ...]] = ("service", "partition", "clock")

    service: Label
    partition: int = Field(ge=0)
    clock: AwareDatetime


class CommunityProgress(Contract):
    """The same for one community on event clock, which runs apart from its lane's clock.

    `turns` counts the community's changes of clock as this service saw them; all services see the same in
    the same order, so a watermark of an earlier import is told apart. `wall` ends it: from then on the lane's
    progress speaks for the community.
    """

    TYPE: ClassVar[str] = "progress.community"
    TOPIC: ClassVar[str] = ""
    IDENTITY: ClassVar[tuple[str, ...]] = ("service", "turns", "clock")

    service: Label
    mode: Literal["event", "wall"]
    turns: int = Field(ge=0)
    clock: AwareDatetime


PROGRESS_CONTRACTS = (LaneProgress, CommunityProgress)
