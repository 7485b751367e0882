"""One call of a platform, with every way in which it can end."""

import asyncio
from dataclasses import dataclass, replace
from enum import Enum

from connectors.sdk.claims import Claim
from connectors.sdk.outcomes import Busy, Done, Gone, NotYet, Refused, Unreachable, Unsupported
from connectors.sdk.platform import Platform
from shared.contracts.commands import Command, DeleteMessage
from shared.observability.failures import describe

CALL_SECONDS_MAX = 30.0
RETRY_AFTER_SECONDS_MAX = 3600.0


class Verdict(Enum):
    """What a call came to."""

    DONE = "done"
    REFUSED = "refused"
    UNSUPPORTED = "unsupported"
    BUSY = "busy"
    AWAY = "away"
    """It was not done, and may be tried again."""
    UNSURE = "unsure"
    """Nobody knows whether it was done."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """The verdict, and what is known besides."""

    verdict: Verdict
    done: Done | None = None
    detail: str = ""
    retry_after_seconds: float = 0.0
    error_kind: str = ""
    """For the metric of errors; empty where nothing failed."""

    def with_done(self, done: Done) -> "Attempt":
        """The same, done otherwise."""
        return replace(self, done=done)


async def attempt(platform: Platform, claim: Claim, command: Command, command_id: str) -> Attempt:
    """Call the platform once; never raises but when cancelled."""
    try:
        async with asyncio.timeout(CALL_SECONDS_MAX):
            return Attempt(Verdict.DONE, await platform.carry_out(claim, command, command_id))
    except Unsupported as error:
        return Attempt(Verdict.UNSUPPORTED, detail=str(error))
    except Refused as error:
        return Attempt(Verdict.REFUSED, detail=str(error), error_kind="refused")
    except Gone as error:
        if isinstance(command, DeleteMessage):
            return Attempt(Verdict.DONE, Done(downgraded_to=None), error_kind="")
        return Attempt(Verdict.REFUSED, detail=str(error), error_kind="gone")
    except NotYet as error:
        return Attempt(Verdict.AWAY, detail=str(error))
    except Busy as error:
        seconds = min(max(error.retry_after_seconds, 0.1), RETRY_AFTER_SECONDS_MAX)
        return Attempt(Verdict.BUSY, detail=str(error), retry_after_seconds=seconds, error_kind="busy")
    except Unreachable as error:
        verdict = Verdict.UNSURE if error.unsure else Verdict.AWAY
        return Attempt(verdict, detail=str(error), error_kind="unreachable")
    except TimeoutError:
        return Attempt(Verdict.UNSURE, detail="the platform did not answer in time", error_kind="unreachable")
    except Exception as error:
        return Attempt(Verdict.UNSURE, detail=describe(error), error_kind="broken")
