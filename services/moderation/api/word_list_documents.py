"""Word lists as they travel: files in, tab-separated text out, and what was found on the way."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from fastapi import Query
from pydantic import BaseModel, ConfigDict

from services.moderation.api.texts import TEXTS
from services.moderation.domain.lexicon import Entry
from services.moderation.domain.lexicon_import import Imported, import_list
from services.moderation.domain.lexicon_lint import LintFinding, lint, refused
from services.moderation.domain.lexicon_shipped import known_good

SHOWN_MAX = 100
Doubtful = Annotated[Literal["refuse", "leave_out", "keep"], Query()]
REQUEST: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "text/plain": {"schema": {"type": "string"}},
            "text/tab-separated-values": {"schema": {"type": "string"}},
            "application/json": {"schema": {}},
        },
    }
}
"""For the OpenAPI document: a list comes in any of these forms, and what it is is seen from it."""
RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/tab-separated-values": {"schema": {"type": "string"}}}}
}


class RejectedShown(BaseModel):
    """A line that was left out."""

    line: int
    reason: str
    says: str
    """The reason in the caller's language."""


class FindingShown(BaseModel):
    """Something about a word."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    line: int
    word: str
    problem: str
    says: str
    """The problem in the caller's language."""
    is_doubtful: bool
    """Whether the word is refused until `doubtful` says otherwise."""


class Looked(BaseModel):
    """What was read of a file, and what is wrong with it."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    read: int
    """Words, good ones among them."""
    encoding: str
    """What was assumed."""
    rejected: list[RejectedShown]
    """Lines that cannot be read, the first hundred."""
    rejected_count: int
    doubtful: int
    """Words that are refused until it is said what to do with them."""
    findings: list[FindingShown]
    """The first hundred, doubtful ones first."""


@dataclass(frozen=True, slots=True)
class Read:
    """A file and what is wrong with it."""

    imported: Imported
    findings: Sequence[LintFinding]
    doubtful: frozenset[int]

    @property
    def entries(self) -> Sequence[Entry]:
        """All that could be read."""
        return self.imported.entries

    @property
    def kept(self) -> Sequence[Entry]:
        """Without the doubtful."""
        return [entry for number, entry in enumerate(self.entries) if number not in self.doubtful]


def look_at(data: bytes, category: str) -> Read:
    """Seconds for a large list. Raises ValueError for what is no list at all."""
    imported = import_list(data, category)
    findings = lint(imported.entries, known_good())
    return Read(imported, findings, refused(findings))


def shown(read: Read, locale: str) -> Looked:
    """The same for people."""
    findings = sorted(read.findings, key=lambda each: (not each.problem.is_refused, each.entry))
    return Looked(
        read=len(read.entries),
        encoding=read.imported.encoding,
        rejected=[
            RejectedShown(
                line=each.line, reason=each.reason, says=TEXTS.say(locale, f"lexicon.rejected.{each.reason}")
            )
            for each in read.imported.rejected
        ],
        rejected_count=read.imported.rejected_count,
        doubtful=len(read.doubtful),
        findings=[_finding(read.entries[each.entry], each, locale) for each in findings[:SHOWN_MAX]],
    )


def tab_separated(entries: Sequence[Entry]) -> str:
    """A line an entry, as `import_list` reads it."""
    return "".join(f"{_line(entry)}\n" for entry in entries)


def _line(entry: Entry) -> str:
    word = f"!{entry.word}" if entry.is_allowed else entry.word
    asked = (("pinyin", entry.asks_pinyin), ("exact", entry.is_exact))
    options = ",".join(name for name, is_asked in asked if is_asked)
    return f"{word}\t{entry.category}\t{entry.weight:g}\t{options}"


def _finding(entry: Entry, found: LintFinding, locale: str) -> FindingShown:
    return FindingShown(
        line=entry.line,
        word=entry.word,
        problem=found.problem,
        says=TEXTS.say(locale, f"lexicon.lint.{found.problem}", detail=found.detail),
        is_doubtful=found.problem.is_refused,
    )
