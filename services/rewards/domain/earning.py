"""What a member is paid for beside messages and check-ins: thanks, reactions, introductions and so on.

It stands while anything that was said for it stands, and the message that it is about. Of each thing said the
newest word counts, by when it happened; of two at one moment the taking back.
"""

from collections.abc import Mapping
from datetime import date, datetime
from types import MappingProxyType
from typing import NamedTuple

EarningKey = tuple[str, str, str, str]
"""community_id, member_id, rule, subject."""
Said = tuple[int, bool]
"""Milliseconds since 1970, and whether it was given or taken back."""


class Claim(NamedTuple):
    """A word about an earning."""

    key: EarningKey
    name: str
    """Tells the words about one earning apart: which reaction, for example."""
    at_ms: int
    is_given: bool
    occurred_at: datetime
    day: date
    message_id: str = ""
    """The member's own message that it is about."""
    giver_id: str = ""
    needs: str = ""
    """Whom the message must talk with, where it must: it is an answer to that member."""


class Earning(NamedTuple):
    """One earning as it is known."""

    key: EarningKey
    occurred_at: datetime
    day: date
    message_id: str = ""
    giver_id: str = ""
    points: int = 0
    rule_version: int = 0
    """0 until it was first given: then it wins its place on the day, or not, once for ever."""
    told: Mapping[str, Said] = MappingProxyType({})
    stands: bool = False
    award_id: str | None = None

    @property
    def is_given(self) -> bool:
        """Whether anything that was said for it stands."""
        return any(given for _, given in self.told.values())

    def also(self, claim: Claim) -> "Earning":
        """With one more word; an older one than is known of the same name changes nothing."""
        known = self.told.get(claim.name)
        if known is not None and (claim.at_ms, not claim.is_given) <= (known[0], not known[1]):
            return self
        return self._replace(told={**self.told, claim.name: (claim.at_ms, claim.is_given)})


def first_word(claim: Claim) -> Earning:
    """An earning of which nothing was known."""
    return Earning(claim.key, claim.occurred_at, claim.day, claim.message_id, claim.giver_id)
