"""A community's recent texts, and the campaigns among them."""

from bisect import insort
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from services.moderation.domain.message import Key, Match, Message
from services.moderation.domain.policy import Rule
from services.moderation.domain.rules.campaign import Campaign, Said

KEPT_US = 3600 * 1_000_000
"""Twice the longest window of a campaign."""


class CampaignHit(NamedTuple):
    """A campaign that a message makes or joins."""

    rule: Rule
    match: Match
    said: tuple[Said, ...]
    """Its messages that no case holds yet, the newest among them."""
    case_id: str
    crew: tuple[Said, ...]
    """All of its messages that are near the newest, whatever holds them."""


@dataclass(slots=True)
class Crowd:
    """Texts of one community in order of time; `changed` are to be saved."""

    said: list[Said] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)
    changed: dict[str, Said] = field(default_factory=dict)

    @classmethod
    def of(cls, said: Iterable[Said]) -> "Crowd":
        """What was loaded."""
        entries = sorted(said)
        return cls(entries, {each.message_id for each in entries})

    def hear(
        self,
        message: Message,
        rules: Sequence[tuple[Rule, Campaign]],
        propose: Callable[[], str],
        was_stale: bool,
    ) -> list[CampaignHit]:
        """The campaigns of a new text; `propose` names one that begins here. A known one changes nothing."""
        reading = [
            (rule, params) for rule, params in rules if rule.scope.holds(message) and params.reads(message)
        ]
        if not reading or message.message_id in self.ids:
            return []
        about = (message.posted_us, message.message_id, message.member_id, message.channel_id)
        newest = Said(*about, message.fingerprint, was_stale)
        if not self.said or self.said[-1] < newest:  # as nearly always
            self.said.append(newest)
        else:
            insort(self.said, newest)
        self.ids.add(newest.message_id)
        self.changed[newest.message_id] = newest
        hits = []
        for rule, params in reading:
            campaign = params.judge(self.changed[newest.message_id], self.said)
            if campaign and not params.is_custom(message):
                hits.append(self._join(rule, *campaign, propose))
        return [hit for hit in hits if hit.said]

    def _join(
        self, rule: Rule, match: Match, said: Sequence[Said], propose: Callable[[], str]
    ) -> CampaignHit:
        """All of a campaign has one case, the first that one of its messages has."""
        case_id = next((each.case_id for each in said if each.case_id), None) or propose()
        fresh = tuple(each for each in said if each.case_id is None)
        for each in fresh:
            joined = each._replace(case_id=case_id)
            self.said[self.said.index(each)] = joined
            self.changed[each.message_id] = joined
        return CampaignHit(rule, match, fresh, case_id, tuple(said))


def members_of(community_id: str, hits: Iterable[CampaignHit]) -> Collection[Key]:
    """Whom the campaigns concern."""
    return {(community_id, each.member_id) for hit in hits for each in hit.crew}
