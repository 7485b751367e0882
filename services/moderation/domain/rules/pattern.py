"""Patterns that operators write (正则), in the syntax of RE2."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.moderation.domain.lexicon_shipped import known_good
from services.moderation.domain.message import SPANS_MAX, Match, Message
from services.moderation.domain.rules.kind import Kind
from shared.text import Normalised, PatternSet, normalise_all

PATTERNS_MAX = 200
PATTERN_CHARACTERS_MAX = 500
MATCHES_MAX = 8
"""Places of one pattern."""


@dataclass(frozen=True, slots=True)
class PatternParams:
    """Patterns over normalised text: lower case, 简体, without noise. Raises ValueError with what is wrong.

    A pattern is refused that RE2 cannot read, that matches the empty text, or that occurs in a shipped
    innocent sentence.
    """

    patterns: tuple[str, ...] = ()
    score: float = 0.6
    """0 to 1, of a message in which any of them occurs."""

    def __post_init__(self) -> None:
        if not self.patterns or len(self.patterns) > PATTERNS_MAX:
            raise ValueError(f"a pattern rule has 1 to {PATTERNS_MAX} patterns, not {len(self.patterns)}")
        if not 0 < self.score <= 1:
            raise ValueError(f"the score is {self.score}; it lies above 0 and is at most 1")
        for number, pattern in enumerate(self.patterns, 1):
            if not pattern or len(pattern) > PATTERN_CHARACTERS_MAX:
                limits = f"1 to {PATTERN_CHARACTERS_MAX} are allowed"
                raise ValueError(f"pattern {number} has {len(pattern)} characters; {limits}")
        _refuse_broad(PatternSet(self.patterns))


def _refuse_broad(patterns: PatternSet) -> None:
    sentences = known_good()
    for sentence, read in zip(sentences, normalise_all(sentences), strict=True):
        for number, _, _ in patterns.spans(read.text, 1):
            raise ValueError(f"pattern {number + 1} is too broad, it matches the innocent “{sentence}”")


@dataclass(frozen=True, slots=True)
class PatternRule:
    """Any of the patterns occurs; evidence names them by number, from 1."""

    params: PatternParams
    patterns: PatternSet

    @classmethod
    def of(cls, params: PatternParams) -> "PatternRule":
        """Compile; valid parameters always do."""
        return cls(params, PatternSet(params.patterns))

    def match(self, messages: Sequence[Message]) -> Mapping[int, Match]:
        """What it found, by index in the batch."""
        found = ((index, self._match(message.text)) for index, message in enumerate(messages))
        return {index: match for index, match in found if match is not None}

    def _match(self, read: Normalised) -> Match | None:
        hits = list(self.patterns.spans(read.text, MATCHES_MAX))
        if not hits:
            return None
        numbers = sorted({number + 1 for number, _, _ in hits})
        places = sorted({read.span(start, end) for _, start, end in hits})[:SPANS_MAX]
        return Match(self.params.score, tuple(places), f"patterns {', '.join(map(str, numbers))}")


PATTERN = Kind("pattern", PatternParams, lambda params, _: PatternRule.of(params))
