"""Rude Chinese comments (COLD): what rules on abuse find of them, and what a classifier that learned some."""

import csv
from collections.abc import Collection
from pathlib import Path

from services.moderation.domain.check import check_all
from services.moderation.training.samples import Sample
from shared.text import normalise_all
from tests.moderation_desk import BOOK
from tests.quality.figures import Advance, Figure, Report
from tests.quality.halves import learned, rounds_of, share

ABUSE_RULES = frozenset({"attack", "vulgarity", "incitement", "illegal"})
LIMITS = (0.5, 0.8, 0.95)


def comments_in(data: Path) -> list[Sample]:
    """All of them; `is_spam` is whether they are offensive."""
    with (data / "moderation" / "cold-dev.csv").open(encoding="utf-8-sig", newline="") as file:
        return [Sample(row["TEXT"], row["label"] == "1") for row in csv.DictReader(file)]


def rude(data: Path, advance: Advance) -> Report:
    """Precision and recall without a classifier, and on one half with one that learned the other."""
    comments = comments_in(data)
    found = found_by_rules(comments)
    advance(1, "rules")
    figures = _both("rules", comments, found)
    learning = next(rounds_of(comments, 0))
    model = learned(learning.known)
    advance(2, "learned a half")
    chances = model.probabilities(normalise_all([each.text for each in learning.unseen]))
    for limit in LIMITS:
        sure = {each.text for each, chance in zip(learning.unseen, chances, strict=True) if chance >= limit}
        figures += _both(f"classifier, p ≥ {limit}", learning.unseen, sure)
        figures += _both(f"rules or classifier, p ≥ {limit}", learning.unseen, sure | found)
    return Report(figures)


def found_by_rules(comments: Collection[Sample]) -> set[str]:
    """Texts that a rule on abuse finds, whatever its mode: what review would be sent."""
    texts = [each.text for each in comments]
    return {
        text
        for text, checked in zip(texts, check_all(texts, BOOK), strict=True)
        if any(hit.rule.id in ABUSE_RULES for hit in checked.hits)
    }


def _both(name: str, comments: Collection[Sample], found: Collection[str]) -> list[Figure]:
    hits = [each.is_spam for each in comments if each.text in found]
    recall = share([each.text in found for each in comments if each.is_spam])
    return [
        Figure(f"COLD dev, {name}: precision", share(hits), note=f"{len(hits)} of {len(comments)} found"),
        Figure(f"COLD dev, {name}: recall", recall),
    ]
