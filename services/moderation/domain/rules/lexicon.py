"""Words of lists by category (词库): the shipped ones and operators' own."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from services.moderation.domain.lexicon import SEVERITIES, SEVERITY_OTHERWISE, Entry, Found, Lexicon, Touched
from services.moderation.domain.lexicon_shipped import listed, shipped_words
from services.moderation.domain.message import SPANS_MAX, Match, Message
from services.moderation.domain.rules.kind import Kind, Resources
from services.moderation.domain.selling import COMPILED_WARNING
from shared.text import Normalised

LISTS_MAX = 50
FURTHER = 0.05
"""What each further word adds to the gravest."""
EVIDENCE_MAX = 6
"""Categories, and ids, that evidence names."""
WARNINGS_MAX = 8
"""Places that are looked at; `不骗人` is no warning, but one may follow."""


@dataclass(frozen=True, slots=True)
class LexiconParams:
    """Which lists, and how grave their categories are. Raises ValueError with what is wrong."""

    lists: tuple[str, ...] = tuple(SEVERITIES)
    """Names of shipped lists or of an operator's."""
    severities: Mapping[str, float] = field(default_factory=dict)
    """0 to 1 by category, instead of the usual ones; 0 leaves the category out."""
    spare_warnings: bool = False
    """Whether a text that warns of ads (`刷单都是诈骗`, `已举报`) may hold their words."""

    def __post_init__(self) -> None:
        if not self.lists or len(self.lists) > LISTS_MAX:
            raise ValueError(f"a lexicon rule names 1 to {LISTS_MAX} word lists, not {len(self.lists)}")
        if len(set(self.lists)) < len(self.lists):
            raise ValueError("a lexicon rule names each word list once")
        for category, severity in self.severities.items():
            if not 0 <= severity <= 1:
                raise ValueError(f"the severity of {category!r} is {severity}; it lies between 0 and 1")

    def severity(self, category: str) -> float:
        """Of a word of weight 1."""
        return self.severities.get(category, SEVERITIES.get(category, SEVERITY_OTHERWISE))


@dataclass(frozen=True, slots=True)
class LexiconRule:
    """The gravest word's severity × weight, and a little for each further word.

    Evidence names categories with their counts, then the entries' ids.
    """

    params: LexiconParams
    lexicon: Lexicon

    @classmethod
    def of(
        cls, params: LexiconParams, entries: Iterable[Entry], touched: Touched | None = None
    ) -> "LexiconRule":
        """Compile with the entries of the lists that `params` names; ValueError when they are too many.

        `touched`: gives the messages that may hold any of them.
        """
        weighing = (each for each in entries if each.is_allowed or _weighs(params, each))
        return cls(params, Lexicon.of(weighing, touched))

    def match(self, messages: Sequence[Message]) -> Mapping[int, Match]:
        """What it found, by index in the batch."""
        found = self.lexicon.find(messages)
        return {
            index: self._match(messages[index].text, words)
            for index, words in found.items()
            if not (self.params.spare_warnings and _warns(messages[index].text))
        }

    def _match(self, read: Normalised, found: Sequence[Found]) -> Match:
        distinct = {each.entry for each in found}
        gravest = max(self.params.severity(entry.category) * entry.weight for entry in distinct)
        score = min(1.0, gravest + FURTHER * (len(distinct) - 1))
        return Match(round(score, 3), spans(read, found), named(found))


@lru_cache(maxsize=64)
def _of_shipped(lists: tuple[str, ...], severities: tuple[tuple[str, float], ...]) -> LexiconRule:
    """Compiled once for all communities that ask for the same shipped lists."""
    return LexiconRule.of(LexiconParams(lists, dict(severities)), listed(lists, {}), shipped_words().touched)


def _build(params: LexiconParams, resources: Resources) -> LexiconRule:
    if not resources.lists.names(params.lists):
        return _of_shipped(params.lists, tuple(sorted(params.severities.items())))
    entries = listed(params.lists, resources.lists.entries)
    return LexiconRule.of(params, entries, resources.lists.touched)


def _built(params: LexiconParams, resources: Resources) -> LexiconRule:
    rule = _build(params, resources)
    return replace(rule, params=params) if params.spare_warnings else rule


LEXICON = Kind("lexicon", LexiconParams, _built)


def _warns(read: Normalised) -> bool:
    return any(COMPILED_WARNING.spans(read.text, WARNINGS_MAX))


def _weighs(params: LexiconParams, entry: Entry) -> bool:
    return params.severity(entry.category) > 0


def spans(read: Normalised, found: Sequence[Found]) -> tuple[tuple[int, int], ...]:
    """Where the words stand in the original, in order."""
    return tuple(sorted({read.span(each.start, each.end) for each in found[:SPANS_MAX]}))


def named(found: Sequence[Found]) -> str:
    """Categories with their counts and ids of entries: `abuse 2, spam 1: 1f0c…, 77ab…`."""
    counts: dict[str, int] = {}
    for each in found:
        counts[each.entry.category] = counts.get(each.entry.category, 0) + 1
    entries = list(dict.fromkeys(each.entry for each in found))
    ids = [entry.id for entry in entries[:EVIDENCE_MAX]]
    further = f" and {len(entries) - EVIDENCE_MAX} more" if len(entries) > EVIDENCE_MAX else ""
    categories = ", ".join(f"{category} {count}" for category, count in list(counts.items())[:EVIDENCE_MAX])
    return f"{categories}: {', '.join(ids)}{further}"
