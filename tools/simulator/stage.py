"""Collects what happens, as the events that a connector would publish."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from connectors.imports.reading import Parsed
from shared.contracts.chat import (
    MemberJoined,
    MemberLeft,
    MessageDeleted,
    MessageEdited,
    MessagePosted,
    ReactionAdded,
)
from shared.contracts.contract import Contract


class Speaker(NamedTuple):
    """Whoever says something."""

    member_id: str
    name: str
    roles: tuple[str, ...] = ()
    is_bot: bool = False


class Said(NamedTuple):
    """A message that others may answer."""

    message_id: str
    speaker: Speaker
    channel_id: str
    at: datetime


@dataclass(slots=True)
class Stage:
    """The events so far, in no order."""

    community_id: str
    run: str
    """Begins every message id, so that two simulations of one community do not share any."""
    _events: list[tuple[datetime, int, Contract]] = field(default_factory=list)
    _messages: int = 0

    def say(
        self,
        speaker: Speaker,
        channel_id: str,
        text: str,
        at: datetime,
        reply_to: Said | None = None,
        mentions: tuple[str, ...] = (),
    ) -> Said:
        """A message."""
        self._messages += 1
        message_id = f"{self.run}-{self._messages}"
        event = MessagePosted(
            community_id=self.community_id,
            channel_id=channel_id,
            message_id=message_id,
            member_id=speaker.member_id,
            member_name=speaker.name,
            member_roles=speaker.roles,
            is_bot=speaker.is_bot,
            text=text,
            reply_to=reply_to.message_id if reply_to else None,
            reply_to_member=reply_to.speaker.member_id if reply_to else None,
            mentions=mentions,
        )
        self._add(event, at)
        return Said(message_id, speaker, channel_id, at)

    def edit(self, said: Said, text: str, at: datetime) -> None:
        """The message's author writes it anew."""
        self._add(
            MessageEdited(
                community_id=self.community_id,
                channel_id=said.channel_id,
                message_id=said.message_id,
                member_id=said.speaker.member_id,
                text=text,
            ),
            at,
        )

    def delete(self, said: Said, at: datetime) -> None:
        """The message's author takes it back."""
        self._add(
            MessageDeleted(
                community_id=self.community_id,
                channel_id=said.channel_id,
                message_id=said.message_id,
                member_id=said.speaker.member_id,
                deleted_by=said.speaker.member_id,
            ),
            at,
        )

    def react(self, said: Said, member_id: str, reaction: str, at: datetime) -> None:
        """Somebody reacts to a message."""
        self._add(
            ReactionAdded(
                community_id=self.community_id,
                channel_id=said.channel_id,
                message_id=said.message_id,
                member_id=member_id,
                reaction=reaction,
                author_id=said.speaker.member_id,
            ),
            at,
        )

    def join(self, member_id: str, name: str, at: datetime, invited_by: str | None = None) -> None:
        """Somebody comes in."""
        self._add(
            MemberJoined(
                community_id=self.community_id, member_id=member_id, member_name=name, invited_by=invited_by
            ),
            at,
        )

    def leave(self, member_id: str, at: datetime, removed_by: str | None = None) -> None:
        """Somebody goes, or is taken out."""
        self._add(MemberLeft(community_id=self.community_id, member_id=member_id, removed_by=removed_by), at)

    def events(self, until: datetime) -> Iterator[Parsed]:
        """All of them before `until`, in order of time."""
        for at, _, event in sorted(self._events, key=lambda each: each[:2]):
            if at < until:
                yield Parsed(event, at)

    def _add(self, event: Contract, at: datetime) -> None:
        whole = at - timedelta(microseconds=at.microsecond % 1000)
        self._events.append((whole, len(self._events), event))
