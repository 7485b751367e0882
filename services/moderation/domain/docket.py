"""A batch before the rules: each message is judged in the order of the log, and what follows is collected."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from services.moderation.domain.crowd import CampaignHit
from services.moderation.domain.message import Finding, Key, Message, Recent
from services.moderation.domain.policy import Action, Mode, Rule
from services.moderation.domain.rulebook import Hit, RuleBook
from services.moderation.domain.window import NOTHING, Window


class Found(NamedTuple):
    """A finding about one message."""

    community_id: str
    member_id: str
    message: Recent
    finding: Finding
    rule: Rule
    mode: Mode
    """What becomes of it: `review` or `enforce`, or `observe` for nothing."""
    cause: int
    """Number of the event in the batch that led to it."""
    case_id: str | None = None
    """Its case where it is not the member's own: a campaign's."""

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
    rule: Rule
    cause: int
    was_gone: bool
    """An earlier event of the batch said that the message is deleted."""
    case_id: str | None = None
    """As of its finding."""
    was_stale: bool = False
    """The message was too old on arrival to be punished, whatever led to the decision."""

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
            self.keep(member, window.forget())

    def bury(self, community_id: str, message_id: str) -> None:
        """The platform says that this message is deleted."""
        self.gone.add((community_id, message_id))

    def judge_posted(self, message: Message, shown: Sequence[Hit], book: RuleBook, cause: int) -> None:
        """What its text shows and what window rules find, with the message in its place among the others."""
        member = message.community_id, message.member_id
        before = self.windows.get(member, NOTHING)
        after = before.place(message)
        hits = [*shown, *book.watch(message, after)]
        if hits:
            after = self._collect(message, after, hits, before.is_new(message.posted_us), cause)
        if after is not before:
            self.keep(member, after)

    def judge_edited(self, message: Message, shown: Sequence[Hit], cause: int) -> None:
        """What its new text shows, unless the member is known as an operator."""
        member = message.community_id, message.member_id
        before = self.windows.get(member, NOTHING)
        if before.is_exempt or not shown:
            return
        original = next((each for each in before.recent if each.message_id == message.message_id), None)
        posted_us = original.posted_us if original else message.posted_us
        hits = [hit.about(posted_us) for hit in shown]
        is_new = before.is_new(message.posted_us)
        if (after := self._collect(message, before, hits, is_new, cause)) is not before:
            self.keep(member, after)

    def judge_campaign(self, hit: CampaignHit, community_id: str, cause: int) -> None:
        """One decision about all messages of a campaign; it is new members' when all of its members are."""
        mode = hit.rule.mode_for(
            all(
                self.windows.get((community_id, each.member_id), NOTHING).is_new(each.posted_us)
                for each in hit.crew
            )
        )
        if mode is Mode.OFF:
            return
        finding = Finding(hit.rule.id, hit.rule.version, *hit.match)
        for each in hit.said:
            member = community_id, each.member_id
            if self.windows.get(member, NOTHING).is_exempt:  # an edit does not carry roles
                continue
            entry = Recent(each.posted_us, each.message_id, each.channel_id, each.fingerprint)
            found = Found(*member, entry, finding, hit.rule, mode, cause, hit.case_id)
            self.found.setdefault(found.key, found)
            if mode is Mode.ENFORCE and hit.rule.action is Action.REMOVE:
                is_gone = (community_id, each.message_id) in self.gone
                removal = Removal(
                    *member, entry, finding, hit.rule, cause, is_gone, hit.case_id, each.was_stale
                )
                self.removals.setdefault(removal.key, removal)
                self.keep(member, self.windows.get(member, NOTHING).condemn(frozenset([each.message_id])))

    def join(self, community_id: str, member_id: str, joined_us: int) -> None:
        """The member came; whoever wrote before that was there before."""
        member = community_id, member_id
        before = self.windows.get(member, NOTHING)
        if (after := before.join(joined_us)) is not before:
            self.keep(member, after)

    def tell(self, member: Key, removed_us: int) -> bool:
        """Note a removal; whether its burst is one of which the member has not been told."""
        window, begins = self.windows.get(member, NOTHING).tell(removed_us)
        self.keep(member, window)
        return begins

    def alert(self, member: Key, removed_us: int) -> bool:
        """The same for operators."""
        window, begins = self.windows.get(member, NOTHING).alert(removed_us)
        self.keep(member, window)
        return begins

    def case_of(self, member: Key, decided_us: int, case_id: str, closed: Collection[str]) -> str:
        """The case of a decision: the one of its burst unless that is closed, or one of this id."""
        window = self.windows.get(member, NOTHING).decide(decided_us, case_id, closed)
        self.keep(member, window)
        assert window.case_id is not None
        return window.case_id

    def keep(self, member: Key, window: Window) -> None:
        """Remember the window, to be saved."""
        self.windows[member] = window
        self.changed.add(member)

    def _collect(
        self, message: Message, window: Window, hits: Sequence[Hit], is_new: bool, cause: int
    ) -> Window:
        owner = message.community_id, message.member_id
        condemned: set[str] = set()
        for hit in hits:
            mode = hit.rule.mode_for(is_new)
            if mode is Mode.OFF:
                continue
            for entry in hit.burst.messages:
                if entry.removed and entry.message_id != message.message_id:
                    continue
                found = Found(*owner, entry, hit.finding, hit.rule, mode, cause)
                self.found.setdefault(found.key, found)
                if mode is Mode.ENFORCE and hit.rule.action is Action.REMOVE:
                    is_gone = (message.community_id, entry.message_id) in self.gone
                    removal = Removal(*owner, entry, hit.finding, hit.rule, cause, is_gone)
                    self.removals.setdefault(removal.key, removal)
                    condemned.add(entry.message_id)
        return window.condemn(frozenset(condemned))
