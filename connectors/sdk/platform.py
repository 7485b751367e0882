"""What a connector's author writes: a platform that says what it can do and carries out commands."""

from typing import Protocol

from connectors.sdk.buckets import Rate
from connectors.sdk.claims import Claim
from connectors.sdk.ladder import Ability
from connectors.sdk.outcomes import Done
from shared.contracts.commands import Command


class Platform(Protocol):
    """One chat platform as the executor sees it.

    `carry_out` gets only acts that `ability` names. It returns `Done` or raises one of `outcomes`; whatever
    else it raises counts as a platform that failed and perhaps did it.
    """

    name: str
    """A short word: `matrix`."""
    rates: tuple[Rate, ...]
    """How often it may be called in all."""
    channel_rates: tuple[Rate, ...]
    """How often in one channel."""
    drops_doubles: bool
    """Whether a text that comes twice is there once; all other acts change nothing the second time."""

    def ability(self, claim: Claim, channel_id: str | None) -> Ability:
        """What it can do there now; without a channel: to members directly, and in the community.

        Raises NotYet while the platform has not said it: what is asked meanwhile waits.
        """

    async def carry_out(self, claim: Claim, command: Command, command_id: str) -> Done:
        """Do it."""
