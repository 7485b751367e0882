"""Regular expressions on hostile text: RE2 only, whose time is linear in the text whatever the pattern."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate, islice
from typing import Any

import re2


class Pattern:
    """A compiled expression over normalised text (lower case); syntax of RE2, so no look-around.

    `{gap}` in the expression stands for what may hide between the letters of a spelled-out word.
    """

    __slots__ = ("_places", "_presence")

    GAP = r"[^0-9a-z\p{Han}]{0,2}"

    def __init__(self, expression: str) -> None:
        options = re2.Options()
        options.log_errors = False
        spelled = expression.replace("{gap}", self.GAP)
        self._places: Any = re2.compile(spelled, options)
        # over bytes, nobody counts characters
        self._presence: Any = re2.compile(spelled.encode(), options)

    def occurs_in(self, text: str) -> bool:
        """Whether the text holds a match, the group `not` notwithstanding."""
        return self._presence.search(text.encode()) is not None

    def spans(self, text: str, limit: int) -> Iterator[tuple[int, int]]:
        """The first `limit` matches from left to right, as start and end.

        A match in which the group `not` took part is none: RE2 has no look-ahead, so an expression names
        there what must not follow.
        """
        for match in islice(self._places.finditer(text), limit):
            if "not" not in self._places.groupindex or match.group("not") is None:
                yield match.span()

    def occurring(self, texts: Sequence[str]) -> set[int]:
        """Places of the texts that hold a match, all read in one go; for expressions without line breaks."""
        encoded = [text.encode() for text in texts]
        ends = list(accumulate(len(each) + 1 for each in encoded))
        return {bisect_right(ends, match.start()) for match in self._presence.finditer(b"\n".join(encoded))}
