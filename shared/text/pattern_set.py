"""Several patterns that operators wrote, asked at once."""

from collections.abc import Iterator, Sequence

import re2

from shared.text.pattern import Pattern

SIZE_MAX = 2_000
"""Instructions of one pattern: the worst time a character grows with them. `.{0,20}` has about 200."""
SIZE_ALL_MAX = 20_000


class PatternSet:
    """Compiled patterns; a text that matches none is told by one pass, however many there are.

    One alternation instead of RE2's own set: that one silently answers no match when its memory is full.
    Raises ValueError with the pattern's number, from 1, and what is wrong with it.
    """

    __slots__ = ("_any", "_patterns")

    def __init__(self, expressions: Sequence[str]) -> None:
        patterns, sizes = [], []
        for number, expression in enumerate(expressions, 1):
            pattern, size = _compiled(number, expression)
            patterns.append(pattern)
            sizes.append(size)
        if sum(sizes) > SIZE_ALL_MAX:
            raise ValueError(f"the patterns are too large together ({sum(sizes)}, {SIZE_ALL_MAX} at most)")
        self._patterns = tuple(patterns)
        joined = "|".join(f"(?:{_plain(expression)})" for expression in expressions)
        self._any = Pattern(joined) if patterns else None

    def spans(self, text: str, limit: int) -> Iterator[tuple[int, int, int]]:
        """Number from 0, start and end of the first `limit` matches of each pattern."""
        if self._any is None or not self._any.occurs_in(text):
            return
        for number, pattern in enumerate(self._patterns):
            for start, end in pattern.spans(text, limit):
                if start < end:
                    yield number, start, end


def _plain(expression: str) -> str:
    """The expression beside others, where a name can be given once only."""
    return expression.replace("(?P<not>", "(?:")


def _compiled(number: int, expression: str) -> tuple[Pattern, int]:
    plain = _plain(expression)
    if "(?P<" in plain or "(?<" in plain:
        raise ValueError(f"pattern {number} names a group: write (?:…) instead")
    try:
        pattern = Pattern(expression)
        size = pattern.size
    except re2.error as error:
        reason = error.args[0] if error.args else ""
        shown = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
        raise ValueError(f"pattern {number} is not one that RE2 can read: {shown}") from None
    except UnicodeError:
        raise ValueError(f"pattern {number} is not valid text") from None
    if size > SIZE_MAX:
        raise ValueError(f"pattern {number} is too large ({size}, {SIZE_MAX} at most): repeat less")
    if pattern.occurs_in(""):
        raise ValueError(f"pattern {number} matches the empty text, so it would match every message")
    return pattern, size
