"""How well the spam classifier does on real texts; `make quality` and `pytest -s` print the figures."""

import gzip
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from services.moderation.domain.rules.classifier import REVIEW_AT, SURE_AT
from services.moderation.store.models import shipped_model
from shared.text import Normalised, normalise_all
from tests.quality.figures import Report
from tests.quality.rude import rude
from tests.quality.telegram import samples_in, telegram

RECALL_MIN = 0.90
PRECISION_MIN = 0.90
BATCH = 500
IRC_LINE = "] <"


def lines(path: Path) -> list[str]:
    """The texts of a file."""
    return path.read_text(encoding="utf-8", errors="replace").splitlines()


def in_batches(texts: Sequence[str]) -> Iterator[list[Normalised]]:
    """Normalised as the service does it."""
    for first in range(0, len(texts), BATCH):
        yield normalise_all(texts[first : first + BATCH])


def shipped(texts: Sequence[str]) -> list[float]:
    """What the shipped model says."""
    return [chance for reads in in_batches(texts) for chance in shipped_model().probabilities(reads)]


def share(chances: Sequence[float], limit: float) -> float:
    """Of those at or above the limit."""
    return sum(chance >= limit for chance in chances) / len(chances)


def values(report: Report) -> dict[str, float]:
    """Figures by their text; prints them."""
    for each in report.figures:
        print(f"{each.text}: {each.value:.3f} {each.note}")
    return {each.text: each.value for each in report.figures}


def test_it_finds_nine_of_ten_unseen_spam_messages(real_data: Path) -> None:
    """At 1 % false alarms once two offers of work that the collectors labelled as talk are left out.

    With the labels as they are it takes 2 %: a half has some 110, so the two decide the figure at 1 %.
    """
    found = values(telegram(real_data, lambda done, note: None))
    assert found["Telegram, two job offers left out: recall at 1 % false alarms"] >= RECALL_MIN
    assert found["Telegram, labels as they are: recall at 2 %"] >= RECALL_MIN


def test_the_shipped_model_leaves_a_clean_community_alone(real_data: Path) -> None:
    with gzip.open(real_data / "community-2024.jsonl.gz", "rt", encoding="utf-8") as file:
        records = map(json.loads, file)
        chances = shipped([record["text"] for record in records if not record.get("is_bot")])
    reviewed, enforced = share(chances, REVIEW_AT), share(chances, SURE_AT)
    print(f"of {len(chances)} messages {reviewed:.3%} to review, {enforced:.3%} enforced if one wants that")
    assert enforced <= 0.001
    assert reviewed <= 0.005


def test_the_shipped_model_in_languages_and_manners_that_it_was_not_made_for(real_data: Path) -> None:
    irc = [
        line.partition("> ")[2]
        for path in sorted((real_data / "irc").glob("*.txt"))
        for line in lines(path)
        if IRC_LINE in line
    ]
    spam = shipped([sample.text for sample in samples_in(real_data) if sample.is_spam])
    ham = shipped([sample.text for sample in samples_in(real_data) if not sample.is_spam])
    chat = shipped(irc)
    for limit in (REVIEW_AT, SURE_AT):
        found = f"{share(spam, limit):.1%} of Telegram's spam, {share(ham, limit):.1%} of its talk"
        print(f"p >= {limit}: {found}, {share(chat, limit):.3%} of {len(chat)} lines of IRC")
    assert share(chat, SURE_AT) <= 0.005
    assert share(spam, REVIEW_AT) >= 0.4


@pytest.mark.parametrize("limit", [0.8, 0.95])
def test_trained_on_rude_comments_it_helps_reviewers(real_data: Path, limit: float) -> None:
    found = values(rude(real_data, lambda done, note: None))
    assert found[f"COLD dev, rules or classifier, p ≥ {limit}: precision"] >= PRECISION_MIN
    assert found[f"COLD dev, rules or classifier, p ≥ {limit}: recall"] > found["COLD dev, rules: recall"] * 2
