"""Texts as rules see them: normalised, fingerprinted, their links counted.

What was read a moment ago is kept, so that the texts of the next poll can be read while the database works on
this one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from shared.text import Fingerprint, Normalised, fingerprint_all, links_of, normalise_all

CHARACTERS_KEPT_MAX = 4_000_000
"""Of the texts kept, some 20 MB; a poll of 4 000 messages has fewer than a million."""


class Reading(NamedTuple):
    """One text."""

    text: Normalised
    fingerprint: Fingerprint
    links: int


def read_texts(texts: Sequence[str]) -> list[Reading]:
    """Each text."""
    normalised = normalise_all(texts)
    fingerprints = fingerprint_all([each.text for each in normalised])
    return [
        Reading(each, fingerprint, len(links_of(each.original)))
        for each, fingerprint in zip(normalised, fingerprints, strict=True)
    ]


@dataclass(slots=True)
class Readings:
    """Remembers the texts that were read last; what a text reads as depends on nothing else."""

    _newer: dict[str, Reading] = field(default_factory=dict)
    _older: dict[str, Reading] = field(default_factory=dict)
    _characters: int = 0
    """Of the newer."""

    def of(self, texts: Sequence[str]) -> list[Reading]:
        """Each text, read now or a moment ago."""
        missing = [text for text in dict.fromkeys(texts) if text not in self._newer]
        found = {text: self._older[text] for text in missing if text in self._older}
        unread = [text for text in missing if text not in found]
        found |= zip(unread, read_texts(unread), strict=True)
        kept = self._newer
        self._keep(found)
        return [found.get(text) or kept[text] for text in texts]

    def _keep(self, found: dict[str, Reading]) -> None:
        if self._characters > CHARACTERS_KEPT_MAX // 2:
            self._newer, self._older, self._characters = {}, self._newer, 0
        self._newer.update(found)
        self._characters += sum(map(len, found))
