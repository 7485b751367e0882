"""A batch before the rules: each message is judged in the order of the log, and what follows is collected."""

from dataclasses import dataclass, field, replace
from typing import NamedTuple

from services.moderation.domain.message import Finding, Hit, Key, Message, Recent
from services.moderation.domain.rules import RULES
from services.moderation.domain.window import NOTHING, Window


class Found(NamedTuple):
    """A finding about one message."""

    community_id: str
    member_id: str
    message: Recent
    finding: Finding
    cause: int
    """Number of the event in the batch that led to it."""

    @property
    def key(self) -> tuple[str, str, str, int]:
        """What may be found only once: community, message, rule and its version."""
        return self.community_id, self.message.message_id, self.finding.rule, self.finding.version


class Removal(NamedTuple):
    """The decision to take a message away."""

    community_id: str
    member_id: str
    message: Recent
    finding: Finding
    """The reason: the first rule that condemned it."""
    cause: int
    was_gone: bool
    """An earlier event of the batch said that the message is deleted."""

    @property
    def key(self) -> Key:
        """Community and message."""
        return self.community_id, self.message.message_id


@dataclass(slots=True)
class Docket:
    """The windows of the batch's members and what came of its events so far."""

    windows: dict[Key, Window]
    changed: set[Key] = field(default_factory=set)
    found: dict[tuple[str, str, str, int], Found] = field(default_factory=dict)
    removals: dict[Key, Removal] = field(default_factory=dict)
    gone: set[Key] = field(default_factory=set)

    def excuse(self, community_id: str, member_id: str) -> None:
        """The member is an operator now: no rule applies, and no message is remembered."""
        member = community_id, member_id
        window = self.windows.get(member, NOTHING)
        if not window.is_exempt:
            self._keep(member, replace(window, recent=(), is_exempt=True))

    def bury(self, community_id: str, message_id: str) -> None:
        """The platform says that this message is deleted."""
        self.gone.add((community_id, message_id))

    def judge_posted(self, message: Message, cause: int) -> None:
        """All rules, with the message in its place among the member's others."""
        member = message.community_id, message.member_id
        before = self.windows.get(member, NOTHING)
        after = before.place(message)
        hits = [hit for rule in RULES if (hit := rule(message, after))]
        if hits:
            after = self._collect(message, after, hits, cause)
        if after is not before:
            self._keep(member, after)

    def judge_edited(self, message: Message, cause: int) -> None:
        """The rules that read edits, unless the member is known as an operator."""
        member = message.community_id, message.member_id
        before = self.windows.get(member, NOTHING)
        if before.is_exempt:
            return
        original = next((each for each in before.recent if each.message_id == message.message_id), None)
        if original:
            message = message._replace(posted_us=original.posted_us)
        hits = [hit for rule in RULES if rule.reads_edits and (hit := rule(message, before))]
        if hits and (after := self._collect(message, before, hits, cause)) is not before:
            self._keep(member, after)

    def tell(self, member: Key, removed_us: int) -> bool:
        """Note a removal; whether its burst is one of which the member has not been told."""
        window, begins = self.windows.get(member, NOTHING).tell(removed_us)
        self._keep(member, window)
        return begins

    def alert(self, member: Key, removed_us: int) -> bool:
        """The same for operators."""
        window, begins = self.windows.get(member, NOTHING).alert(removed_us)
        self._keep(member, window)
        return begins

    def _collect(self, message: Message, window: Window, hits: list[Hit], cause: int) -> Window:
        owner = message.community_id, message.member_id
        condemned: set[str] = set()
        for hit in hits:
            for entry in hit.messages:
                if entry.removed and entry.message_id != message.message_id:
                    continue
                found = Found(*owner, entry, hit.finding, cause)
                self.found.setdefault(found.key, found)
                is_gone = (message.community_id, entry.message_id) in self.gone
                removal = Removal(*owner, entry, hit.finding, cause, is_gone)
                self.removals.setdefault(removal.key, removal)
                condemned.add(entry.message_id)
        return window.condemn(frozenset(condemned))

    def _keep(self, member: Key, window: Window) -> None:
        self.windows[member] = window
        self.changed.add(member)
