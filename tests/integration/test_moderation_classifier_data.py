"""How well the spam classifier does on real texts; `pytest -s` prints the figures that the README states."""

import csv
import gzip
import json
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from statistics import mean, stdev

import pytest

from services.moderation.domain.rules.classifier import REVIEW_AT, SURE_AT
from services.moderation.domain.rules.contact_ad import ContactAd
from services.moderation.store.models import shipped_model
from services.moderation.training.fit import Trained, fit
from services.moderation.training.samples import Sample, distinct, shipped_samples
from shared.text import Normalised, normalise_all

SPLITS = 5
"""Each gives two rounds: one half is learned, the other judged, and the other way round."""
FALSE_SHARE_MAX = 0.01
RECALL_MIN = 0.90
BATCH = 500
OVERLOOKED = frozenset({"3fe8daa3325d", "fdd7262ffd14"})
"""Digests of two lines of the normal talk that offer work to whoever writes privately."""
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


def digest(text: str, salt: object = "") -> str:
    """Says which text without quoting it."""
    return sha256(f"{salt}{text}".encode()).hexdigest()


def is_learned(text: str, split: int) -> bool:
    """A half of all texts, another one in every split."""
    return int(digest(text, split), 16) % 2 == 0


def recall_at_false_share(scores: Sequence[tuple[float, bool]], false_share: float) -> float:
    """The share of spam above the lowest limit that takes no larger share of the others."""
    ham = sorted((score for score, is_spam in scores if not is_spam), reverse=True)
    spam = [score for score, is_spam in scores if is_spam]
    limit = ham[int(len(ham) * false_share)]
    return sum(score > limit for score in spam) / len(spam)


def learned(samples: Sequence[Sample], *before: Sequence[Sample]) -> Trained:
    """Of these, and what was known before."""
    return fit(*distinct([*before, samples]))


def told(name: str, shares: Sequence[float]) -> None:
    """Print mean, spread and the worst."""
    print(f"{name}: mean {mean(shares):.3f} ± {stdev(shares):.3f}, least {min(shares):.3f}")


class Rounds:
    """Recall of every round, by who judges and how many false alarms are allowed."""

    def __init__(self, samples: Sequence[Sample]) -> None:
        self.samples = samples
        self.rule = ContactAd()
        self.recalls: dict[tuple[str, float], list[float]] = {}

    def run(self) -> None:
        """All splits, both ways."""
        for split in range(SPLITS):
            halves: tuple[list[Sample], list[Sample]] = [], []
            for sample in self.samples:
                halves[is_learned(sample.text, split)].append(sample)
            self._round(*halves)
            self._round(*reversed(halves))

    def _round(self, known: Sequence[Sample], unseen: Sequence[Sample]) -> None:
        model = learned(known, shipped_samples()).model
        reads = normalise_all([sample.text for sample in unseen])
        alone = list(zip(model.probabilities(reads), (sample.is_spam for sample in unseen), strict=True))
        both = [
            (1.0 if self.rule.judge(read) else chance, is_spam)
            for read, (chance, is_spam) in zip(reads, alone, strict=True)
        ]
        for name, scores in (("classifier alone", alone), ("with contact ads", both)):
            for allowed in (0.0, FALSE_SHARE_MAX, 2 * FALSE_SHARE_MAX, 0.05):
                recall = recall_at_false_share(scores, allowed)
                self.recalls.setdefault((name, allowed), []).append(recall)


@pytest.fixture(scope="module")
def telegram(real_data: Path) -> list[Sample]:
    """Both files with their labels."""
    folder = real_data / "moderation"
    return [
        Sample(text, name == "spam")
        for name in ("spam", "ham")
        for text in lines(folder / f"telegram-{name}.txt")
    ]


def test_it_finds_nine_of_ten_unseen_spam_messages(telegram: list[Sample]) -> None:
    """At 1 % false alarms once two offers of work that the collectors labelled as talk are left out.

    With the labels as they are it takes 2 %: a half has some 110, so the two decide the figure at 1 %.
    """
    as_labelled = Rounds(telegram)
    corrected = Rounds([sample for sample in telegram if digest(sample.text)[:12] not in OVERLOOKED])
    assert len(corrected.samples) == len(telegram) - len(OVERLOOKED)
    for title, each in (("labels as they are", as_labelled), ("two offers left out", corrected)):
        each.run()
        print(f"\n{title}, {len(each.samples)} texts, recall in {2 * SPLITS} rounds")
        for (name, allowed), recalls in each.recalls.items():
            told(f"  {name}, {allowed:.0%} false alarms", recalls)
    assert mean(corrected.recalls["with contact ads", FALSE_SHARE_MAX]) >= RECALL_MIN
    assert mean(as_labelled.recalls["with contact ads", 2 * FALSE_SHARE_MAX]) >= RECALL_MIN


def test_the_shipped_model_leaves_a_clean_community_alone(real_data: Path) -> None:
    with gzip.open(real_data / "community-2024.jsonl.gz", "rt", encoding="utf-8") as file:
        records = map(json.loads, file)
        chances = shipped([record["text"] for record in records if not record.get("is_bot")])
    reviewed, enforced = share(chances, REVIEW_AT), share(chances, SURE_AT)
    print(f"of {len(chances)} messages {reviewed:.3%} to review, {enforced:.3%} enforced if one wants that")
    assert enforced <= 0.001
    assert reviewed <= 0.005


def test_the_shipped_model_in_languages_and_manners_that_it_was_not_made_for(
    real_data: Path, telegram: list[Sample]
) -> None:
    irc = [
        line.partition("> ")[2]
        for path in sorted((real_data / "irc").glob("*.txt"))
        for line in lines(path)
        if IRC_LINE in line
    ]
    spam = shipped([sample.text for sample in telegram if sample.is_spam])
    ham = shipped([sample.text for sample in telegram if not sample.is_spam])
    chat = shipped(irc)
    for limit in (REVIEW_AT, SURE_AT):
        found = f"{share(spam, limit):.1%} of Telegram's spam, {share(ham, limit):.1%} of its talk"
        print(f"p >= {limit}: {found}, {share(chat, limit):.3%} of {len(chat)} lines of IRC")
    assert share(chat, SURE_AT) <= 0.005
    assert share(spam, REVIEW_AT) >= 0.4


def test_trained_on_rude_comments_it_helps_reviewers(real_data: Path) -> None:
    with (real_data / "moderation" / "cold-dev.csv").open(encoding="utf-8-sig", newline="") as file:
        samples = [Sample(row["TEXT"], row["label"] == "1") for row in csv.DictReader(file)]
    known = [sample for sample in samples if is_learned(sample.text, 0)]
    unseen = [sample for sample in samples if not is_learned(sample.text, 0)]
    model = learned(known).model
    chances = model.probabilities(normalise_all([sample.text for sample in unseen]))
    for limit in (0.5, 0.8, 0.95):
        hits = [sample.is_spam for sample, chance in zip(unseen, chances, strict=True) if chance >= limit]
        recall = sum(hits) / sum(sample.is_spam for sample in unseen)
        print(
            f"rude comments, p >= {limit}: precision {mean(hits):.3f}, recall {recall:.3f} of {len(unseen)}"
        )
        assert mean(hits) >= limit - 0.05
