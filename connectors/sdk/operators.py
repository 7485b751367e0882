"""Tells a community's operators what a platform cannot do, so that a person does it."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from shared.contracts.commands import Command, SendMessage
from shared.contracts.profiles import CommunityProfile
from shared.i18n import Catalogue

TEXTS = Catalogue.load(Path(__file__).parent / "locale")
PROFILE_SECONDS = 60.0
"""How old a profile may be; a change of the operators' channel is seen after that."""
REASON_CHARACTERS_MAX = 1_000
_KEYS = {
    "delete_message": "operators.delete_message",
    "mute_member": "operators.mute_member",
    "remove_member": "operators.remove_member",
    "ban_member": "operators.ban_member",
    "answer_join_request": "operators.answer_join_request",
}


@dataclass(slots=True)
class Operators:
    """Knows where operators are told; `profile_of` reads a profile from the log."""

    profile_of: Callable[[str], Awaitable[CommunityProfile | None]]
    _known: dict[str, tuple[float, CommunityProfile | None]] = field(default_factory=dict)

    async def told(self, command: Command) -> SendMessage | None:
        """The text that stands in for the act; None where there is no operators' channel."""
        profile = await self._profile(command.community_id)
        if profile is None or profile.operators_channel_id is None:
            return None
        target = getattr(command, "message_id", None) or getattr(command, "member_id", "")
        reason = command.reason[:REASON_CHARACTERS_MAX]
        text = TEXTS.say(profile.locale, _KEYS[command.TYPE], target=target, reason=reason)
        return SendMessage(
            community_id=command.community_id,
            purpose=command.purpose,
            cause_id=command.cause_id,
            expires_at=command.expires_at,
            channel_id=profile.operators_channel_id,
            text=text,
        )

    async def _profile(self, community_id: str) -> CommunityProfile | None:
        read_at, profile = self._known.get(community_id, (float("-inf"), None))
        if time.monotonic() - read_at > PROFILE_SECONDS:
            profile = await self.profile_of(community_id)
            self._known[community_id] = (time.monotonic(), profile)
        return profile
