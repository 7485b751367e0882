"""What is wrong with a word list before it judges anybody: too broad, twice, empty or contradictory."""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import NamedTuple

from services.moderation.domain.lexicon import Entry, Sounds, read_words
from shared.text import Word, WordIndex, normalise_all


class Problem(StrEnum):
    """What a finding says; its sentence is `lexicon.lint.<problem>` in the catalogues."""

    SINGLE_CHARACTER = "single_character"
    HITS_KNOWN_GOOD = "hits_known_good"
    READS_AS_NOTHING = "reads_as_nothing"
    ALSO_ALLOWED = "also_allowed"
    DUPLICATE = "duplicate"

    @property
    def is_refused(self) -> bool:
        """Whether the entry waits until an operator confirms it; otherwise the finding is a note."""
        return self is not Problem.DUPLICATE


class LintFinding(NamedTuple):
    """One thing about one entry."""

    entry: int
    """Its index in the list."""
    problem: Problem
    detail: str = ""
    """The sentence or the other entry's word that shows it."""


def lint(entries: Sequence[Entry], known_good: Sequence[str]) -> list[LintFinding]:
    """All findings, in order of entries; at most one of each problem an entry."""
    words = read_words(entries)
    findings = [*_by_themselves(entries, words), *_known_good(entries, words, known_good)]
    findings += [*_contradictions(entries, words), *_duplicates(entries, words)]
    return sorted(findings)


def refused(findings: Sequence[LintFinding]) -> frozenset[int]:
    """The entries that wait until an operator confirms them."""
    return frozenset(finding.entry for finding in findings if finding.problem.is_refused)


def _by_themselves(entries: Sequence[Entry], words: Sequence[str]) -> Iterator[LintFinding]:
    for number, (entry, word) in enumerate(zip(entries, words, strict=True)):
        if not any(character.isalnum() for character in word):
            yield LintFinding(number, Problem.READS_AS_NOTHING)
        elif len(word) == 1 and not entry.is_exact and not entry.is_allowed:
            yield LintFinding(number, Problem.SINGLE_CHARACTER)


def _known_good(
    entries: Sequence[Entry], words: Sequence[str], sentences: Sequence[str]
) -> Iterator[LintFinding]:
    """Entries that occur in an innocent sentence, the list's own good words notwithstanding."""
    listed = zip(entries, words, strict=True)
    read = [Word(word, entry.is_exact, entry.is_allowed) for entry, word in listed]
    texts = [each.text for each in normalise_all(sentences)]
    index, sounds = WordIndex(read), Sounds.of(entries, read)
    places = index.find(texts)
    heard = sounds.find(texts, places) if sounds else []
    seen: set[int] = set()
    for place in [*places, *heard]:
        if place.word not in seen:
            seen.add(place.word)
            yield LintFinding(place.word, Problem.HITS_KNOWN_GOOD, sentences[place.text])


def _contradictions(entries: Sequence[Entry], words: Sequence[str]) -> Iterator[LintFinding]:
    """Entries that the list also calls good."""
    allowed = {word for entry, word in zip(entries, words, strict=True) if entry.is_allowed}
    for number, (entry, word) in enumerate(zip(entries, words, strict=True)):
        if word and word in allowed and not entry.is_allowed:
            yield LintFinding(number, Problem.ALSO_ALLOWED)


def _duplicates(entries: Sequence[Entry], words: Sequence[str]) -> Iterator[LintFinding]:
    """Entries that read like an earlier one of the same kind."""
    first: dict[tuple[str, bool, bool], int] = {}
    for number, (entry, word) in enumerate(zip(entries, words, strict=True)):
        earlier = first.setdefault((word, entry.is_allowed, entry.is_exact), number)
        if word and earlier != number:
            yield LintFinding(number, Problem.DUPLICATE, entries[earlier].word)
