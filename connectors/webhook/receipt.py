"""A bot's word on what became of a command."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from connectors.sdk.outcomes import Done, Refused, Unreachable, Unsupported
from shared.contracts.contract import Id, Label


class Outcome(BaseModel):
    """What became of it."""

    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)

    outcome: Literal["executed", "downgraded", "unsupported", "refused", "failed"]
    """`failed` comes again until the command expires; the others are final."""
    downgraded_to: Label | None = None
    """What was done instead."""
    platform_message_id: Id | None = None
    """The id of the message that was sent."""
    detail: Label = Field(default="")

    def as_result(self) -> Done | Exception:
        """The same in the SDK's words."""
        match self.outcome:
            case "executed":
                return Done(self.platform_message_id)
            case "downgraded":
                return Done(self.platform_message_id, self.downgraded_to or "something else")
            case "unsupported":
                return Unsupported(self.detail)
            case "refused":
                return Refused(self.detail)
        return Unreachable(self.detail)


class Receipt(Outcome):
    """The outcome of one command."""

    command_id: Id
