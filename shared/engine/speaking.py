"""Says something to a member, in a channel or to the operators, from the catalogue."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.contracts.commands import SendMessage
from shared.contracts.profiles import CommunityProfile
from shared.engine.work import UnitOfWork
from shared.i18n import Catalogue

COMMAND_VALID = timedelta(days=1)
"""An answer of a person is worth hearing the next morning."""


@dataclass(frozen=True, slots=True)
class Speaker:
    """One community's voice, at one moment of its clock."""

    texts: Catalogue
    profile: CommunityProfile
    now: datetime
    work: UnitOfWork

    def say(self, key: str, /, **values: object) -> str:
        """A text in the community's language."""
        return self.texts.say(self.profile.locale, key, **values)

    def to_member(
        self, member_id: str, text: str, purpose: str, cause_id: str, channel_id: str | None = None,
        reply_to: str | None = None,
    ) -> None:  # fmt: skip
        """Privately where the channel can, else in the channel, addressed."""
        direct = channel_id is None or self.profile.can(channel_id, "direct")
        self._send(
            None if direct else channel_id, member_id, None if direct else reply_to, text, purpose, cause_id
        )

    def to_channel(self, channel_id: str, text: str, purpose: str, cause_id: str) -> None:
        """To everybody."""
        self._send(channel_id, None, None, text, purpose, cause_id)

    def to_operators(self, text: str, purpose: str, cause_id: str) -> None:
        """In their channel, if there is one."""
        if self.profile.operators_channel_id:
            self._send(self.profile.operators_channel_id, None, None, text, purpose, cause_id)

    def _send(
        self, channel_id: str | None, member_id: str | None, reply_to: str | None, text: str, purpose: str,
        cause_id: str,
    ) -> None:  # fmt: skip
        command = SendMessage(
            community_id=self.profile.community_id,
            channel_id=channel_id,
            member_id=member_id,
            reply_to=reply_to,
            text=text,
            purpose=purpose,
            cause_id=cause_id,
            expires_at=self.now + COMMAND_VALID,
        )
        self.work.publish(command, self.now)
