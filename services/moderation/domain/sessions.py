"""Hosted sessions as intervals of event time, and who disturbed them."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from services.moderation.domain.message import Burst, Key, Message, Recent, entry_of
from services.moderation.domain.policy import Rule
from services.moderation.domain.rulebook import Hit
from services.moderation.domain.rules.flood import SECOND_US
from services.moderation.domain.rules.session import SessionOrder, pointed_out

LASTS_MAX_US = 24 * 3600 * SECOND_US
"""A session that nobody closes is over after a day, whatever it said."""


class Session(NamedTuple):
    """One session; what was not said yet is None."""

    channel_id: str
    opened_us: int | None = None
    ends_us: int | None = None
    closed_us: int | None = None
    speaker_ids: tuple[str, ...] = ()

    def opened(self, at_us: int, ends_us: int, speaker_ids: tuple[str, ...]) -> "Session":
        """With an opening; of several the earliest counts, the latest end, and all who speak."""
        first_us = at_us if self.opened_us is None else min(self.opened_us, at_us)
        last_us = ends_us if self.ends_us is None else max(self.ends_us, ends_us)
        speakers = tuple(sorted({*self.speaker_ids, *speaker_ids}))
        return self._replace(opened_us=first_us, ends_us=last_us, speaker_ids=speakers)

    def closed(self, at_us: int) -> "Session":
        """With a closing; the earliest counts."""
        return self._replace(closed_us=at_us if self.closed_us is None else min(self.closed_us, at_us))

    def runs(self, channel_id: str, at_us: int) -> bool:
        """Whether it runs in the channel at this time: from its opening, up to its end."""
        if self.opened_us is None or self.ends_us is None or channel_id != self.channel_id:
            return False
        ends_us = min(self.ends_us, self.opened_us + LASTS_MAX_US)
        if self.closed_us is not None and self.closed_us >= self.opened_us:
            ends_us = min(ends_us, self.closed_us)
        return self.opened_us <= at_us < ends_us


class Offence(NamedTuple):
    """A message that disturbed a session."""

    community_id: str
    session_id: str
    member_id: str
    message_id: str
    posted_us: int


@dataclass(slots=True)
class Sessions:
    """The batch's sessions and what is known of offences in them; `changed` and `fresh` are to be saved."""

    known: dict[Key, Session]
    offences: list[Offence] = field(default_factory=list)
    changed: set[Key] = field(default_factory=set)
    fresh: list[Offence] = field(default_factory=list)

    def keep(self, key: Key, session: Session) -> None:
        """Remember it; key: community and session."""
        self.known[key] = session
        self.changed.add(key)

    def judge(
        self,
        message: Message,
        recent: Sequence[Recent],
        shown: Iterable[Hit],
        rules: Sequence[tuple[Rule, SessionOrder]],
    ) -> list[Hit]:
        """What the message does to a session that runs in its channel."""
        running = self._running(message)
        if running is None:
            return []
        kinds = frozenset(hit.rule.kind for hit in shown)
        hits = []
        for rule, params in rules:
            match = params.judge(message, recent, kinds) if rule.scope.holds(message) else None
            if match:
                held = self._held(rule, params, message, running)
                hits.append(Hit(held, Burst(match, (entry_of(message),))))
        if hits:
            self._note(message, running)
        return hits

    def _running(self, message: Message) -> str | None:
        for (community_id, session_id), session in sorted(self.known.items()):
            if community_id == message.community_id and session.runs(message.channel_id, message.posted_us):
                return None if message.member_id in session.speaker_ids else session_id
        return None

    def _held(self, rule: Rule, params: SessionOrder, message: Message, session_id: str) -> Rule:
        """The rule as it is for this offence; one that is judged again is what it was."""
        before = self._of(message, session_id)
        first_us = min((each.posted_us for each in before), default=message.posted_us)
        is_first = message.posted_us - first_us <= params.grace_seconds * SECOND_US
        return pointed_out(rule) if is_first else rule

    def _note(self, message: Message, session_id: str) -> None:
        offence = Offence(
            message.community_id, session_id, message.member_id, message.message_id, message.posted_us
        )
        if offence not in self.offences:
            self.offences.append(offence)
            self.fresh.append(offence)

    def _of(self, message: Message, session_id: str) -> Collection[Offence]:
        mine = message.community_id, session_id, message.member_id
        return [each for each in self.offences if each[:3] == mine]
