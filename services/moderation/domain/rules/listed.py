"""What a list denies (禁止名单): hosts and words that an owner wrote down, for every community that follows.

The lists belong to communities and change without the policy, so `Listing` judges by them; the rule says only
how strict, where and how grave it is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.moderation.domain.message import Match, Message
from services.moderation.domain.rules.kind import Kind

LISTED_KIND = "listed"


@dataclass(frozen=True, slots=True)
class Listed:
    """It has no parameters: the lists say all."""

    def match(self, messages: Sequence[Message]) -> Mapping[int, Match]:
        """Nothing by itself."""
        return {}


LISTED = Kind(LISTED_KIND, Listed, lambda params, _: params)
