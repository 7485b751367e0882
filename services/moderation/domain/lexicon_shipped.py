"""The word lists that are shipped, and the sentences that no word or pattern may hit."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path

from services.moderation.domain.lexicon import SEVERITIES, Entry
from services.moderation.domain.lexicon_import import import_list
from services.moderation.domain.shared_words import SharedWords

_SHIPPED = Path(__file__).parents[1] / "lexicons"


@cache
def shipped(name: str) -> tuple[Entry, ...]:
    """The shipped list of a category, good words included. Raises ValueError where there is none."""
    if name not in SEVERITIES:
        raise ValueError(f"there is no word list {name!r}; there are {', '.join(SEVERITIES)}")
    imported = import_list((_SHIPPED / f"{name}.txt").read_bytes(), name)
    if imported.rejected:
        raise RuntimeError(f"{name}.txt, line {imported.rejected[0].line}: {imported.rejected[0].reason}")
    return imported.entries


@cache
def shipped_words() -> SharedWords:
    """All shipped words."""
    return SharedWords.of(entry for name in SEVERITIES for entry in shipped(name))


def listed(names: Iterable[str], own: Mapping[str, Sequence[Entry]]) -> tuple[Entry, ...]:
    """The entries of all lists, a community's `own` before a shipped one; ValueError for an unknown name."""
    return tuple(entry for name in names for entry in (own[name] if name in own else shipped(name)))


@cache
def known_good() -> tuple[str, ...]:
    """Innocent sentences, shipped: a word or pattern that occurs in one is too broad."""
    lines = (_SHIPPED / "known_good.txt").read_text(encoding="utf-8").splitlines()
    return tuple(line for line in lines if line and not line.startswith("#"))
