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

    __slots__ = ("_among", "_places", "_presence", "expression")

    GAP = r"[^0-9a-z\p{Han}]{0,2}"

    def __init__(self, expression: str) -> None:
        options = re2.Options()
        options.log_errors = False
        self.expression = expression
        spelled = expression.replace("{gap}", self.GAP)
        self._places: Any = re2.compile(spelled, options)
        # over bytes, nobody counts characters
        self._presence: Any = re2.compile(spelled.encode(), options)
        # texts are joined by line ends, at which a text begins and ends
        self._among: Any = re2.compile(f"(?m:{spelled})".encode(), options)

    @property
    def size(self) -> int:
        """Instructions of the compiled program: what a character costs at worst."""
        return int(self._places.programsize)

    def occurs_in(self, text: str) -> bool:
        """Whether the text holds a match, the group `not` notwithstanding."""
        return self._presence.search(text.encode()) is not None

    def may_occur_in(self, texts: Sequence[str]) -> list[int]:
        """Which of the texts may hold a match, by number; none that does is left out, few others are named.

        All texts are searched in one go: entering RE2 costs more than a message's characters. A match that
        reaches over the end of a text names both, and lines count as texts for `^` and `$`.
        """
        encoded = [text.encode() for text in texts]
        joined = b"\n".join(encoded)
        starts = list(accumulate((len(each) + 1 for each in encoded), initial=0))
        named: list[int] = []
        number = 0
        while number < len(texts) and (match := self._among.search(joined, starts[number])) is not None:
            start, end = match.span()
            number = bisect_right(starts, start) - 1
            beyond = max(number + 1, bisect_right(starts, end - 1))
            named.extend(range(number, min(beyond, len(texts))))
            number = beyond
        return named

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
