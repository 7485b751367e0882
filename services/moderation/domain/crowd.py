"""Recent texts of a community and of its owner's others, and the campaigns among them."""

from bisect import insort
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from services.moderation.domain.message import Key, Match, Message
from services.moderation.domain.policy import Rule
from services.moderation.domain.rules.campaign import Campaign, Place, Said, place_of

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
    """All of its messages in the community that are near the newest, whatever holds them."""
    elsewhere: tuple[Said, ...] = ()
    """Those in the owner's other communities that had no case there yet."""


@dataclass(slots=True)
class Crowd:
    """Texts in order of time; `changed` are the community's own, to be saved."""

    owner: str | None = None
    said: list[Said] = field(default_factory=list)
    known: set[str | Place] = field(default_factory=set)
    """Ids of posted messages, and places of edits."""
    changed: dict[Place, Said] = field(default_factory=dict)

    @classmethod
    def of(cls, said: Iterable[Said], owner: str | None = None) -> "Crowd":
        """What was loaded."""
        entries = sorted(said, key=place_of)
        return cls(owner, entries, {_name(each) for each in entries})

    def overhear(self, said: Said) -> None:
        """A text of another community of the same owner, or the case that it got."""
        if _name(said) in self.known:
            self.said = [said if place_of(each) == place_of(said) else each for each in self.said]
        else:
            self.known.add(_name(said))
            insort(self.said, said, key=place_of)

    def hear(
        self,
        message: Message,
        reading: Sequence[tuple[Rule, Campaign]],
        propose: Callable[[], str],
        was_stale: bool,
        is_edit: bool = False,
        neighbours: Iterable["Crowd"] = (),
    ) -> list[CampaignHit]:
        """The campaigns of a new text; `propose` names one that begins here. A known one changes nothing.

        `reading`: the rules that read it. `neighbours`: crowds of the owner's communities, which hear it too.
        """
        about = (message.posted_us, message.message_id, message.member_id, message.channel_id)
        newest = Said(*about, message.fingerprint, was_stale, is_edit=is_edit)
        name, place = _name(newest), place_of(newest)
        if name in self.known:
            return []
        if not self.said or place_of(self.said[-1]) < place:  # as nearly always
            self.said.append(newest)
        else:
            insort(self.said, newest, key=place_of)
        self.known.add(name)
        self.changed[place] = newest
        others = [each for each in neighbours if each is not self]
        for each in others:
            each.overhear(newest._replace(community_id=message.community_id))
        hits = []
        for rule, params in reading:
            campaign = params.judge(self.changed[place], self.said)
            if campaign and not params.is_custom(message):
                hits.append(self._join(rule, *campaign, propose))
        for said in (each for hit in hits for each in hit.said if others):
            for other in others:
                other.overhear(self.changed[place_of(said)]._replace(community_id=message.community_id))
        return [hit for hit in hits if hit.said]

    def _join(
        self, rule: Rule, match: Match, said: Sequence[Said], propose: Callable[[], str]
    ) -> CampaignHit:
        """All of a campaign in the community has one case, the first that one of its messages has."""
        own = tuple(each for each in said if not each.community_id)
        case_id = next((each.case_id for each in own if each.case_id), None) or propose()
        fresh = tuple(each for each in own if each.case_id is None)
        for each in fresh:
            joined = each._replace(case_id=case_id)
            self.said[self.said.index(each)] = joined
            self.changed[place_of(each)] = joined
        elsewhere = tuple(each for each in said if each.community_id and each.case_id is None)
        return CampaignHit(rule, match, fresh, case_id, own, elsewhere)


def _name(said: Said) -> str | Place:
    """A message is posted once, whatever it says of its time; it may be edited again and again."""
    return place_of(said) if said.is_edit or said.community_id else said.message_id


def members_of(community_id: str, hits: Iterable[CampaignHit]) -> Collection[Key]:
    """Whom the campaigns concern."""
    return {(community_id, each.member_id) for hit in hits for each in hit.crew}
