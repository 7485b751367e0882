"""The shipped word lists on real talk: hardly anything of clean communities, much of rude comments' worst.

`pytest -s` prints the figures and what was flagged.
"""

import csv
import gzip
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from services.moderation.domain.lexicon import ABUSE, SEVERITIES, Found
from services.moderation.domain.lexicon_shipped import shipped
from services.moderation.domain.rules.attack import AttackParams, AttackRule
from services.moderation.domain.rules.lexicon import LexiconParams, LexiconRule
from tests.moderation_texts import messages

LEXICON = LexiconRule.of(LexiconParams(), [entry for name in SEVERITIES for entry in shipped(name)])
ATTACK = AttackRule.of(AttackParams(), shipped(ABUSE))
BATCH = 500
FLAGGED_SHARE_MAX = 0.001
TALK_SHARE_MAX = 0.005
"""Of free talk in which swearing is not unknown."""
PRECISION_MIN = 0.85
RECALL_MIN = 0.08
"""Most of the collection's offence is contempt in ordinary words, which no list can name."""


def flagged(texts: Sequence[str]) -> Iterator[tuple[str, list[Found]]]:
    """Each text that holds words of the lists, with them."""
    for start in range(0, len(texts), BATCH):
        part = texts[start : start + BATCH]
        for index, found in LEXICON.lexicon.find(messages(part)).items():
            yield part[index], found


def share(name: str, texts: Sequence[str]) -> float:
    """The share of texts that are flagged; prints it by category, and the words that did it."""
    hits = list(flagged(texts))
    categories = Counter(
        category for _, found in hits for category in {each.entry.category for each in found}
    )
    words = Counter(each.entry.word for _, found in hits for each in found)
    print(f"\n{name}: {len(hits)} of {len(texts)} ({len(hits) / len(texts):.3%}), {dict(categories)}")
    print("  ", dict(words.most_common(40)))
    return len(hits) / len(texts)


def test_of_a_clean_year_hardly_anything_is_flagged(real_data: Path) -> None:
    with gzip.open(real_data / "community-2024.jsonl.gz", "rt", encoding="utf-8") as file:
        records = [json.loads(line) for line in file]
    texts = [record["text"] for record in records if not record.get("is_bot")]
    assert len(texts) > 150_000
    assert share("community", texts) <= FLAGGED_SHARE_MAX


def test_of_irc_and_normal_telegram_little_is_flagged(real_data: Path) -> None:
    for path in sorted((real_data / "irc").glob("*.txt")):
        assert share(path.name, lines(path)) <= TALK_SHARE_MAX
    assert share("telegram ham", lines(real_data / "moderation" / "telegram-ham.txt")) <= TALK_SHARE_MAX


def test_some_telegram_spam_is_flagged_by_words_alone(real_data: Path) -> None:
    assert share("telegram spam", lines(real_data / "moderation" / "telegram-spam.txt")) >= 0.05


def lines(path: Path) -> list[str]:
    """The texts of a file."""
    return path.read_text(encoding="utf-8", errors="replace").splitlines()


@pytest.mark.parametrize("name", ["lexicon", "attack", "either"])
def test_what_is_flagged_of_rude_comments_is_offensive(real_data: Path, name: str) -> None:
    with (real_data / "moderation" / "cold-dev.csv").open(encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    batch = messages([row["TEXT"] for row in rows])
    attacks, words = ATTACK.match(batch), LEXICON.match(batch)
    found = {"lexicon": set(words), "attack": set(attacks), "either": {*words, *attacks}}[name]
    offensive = {index for index, row in enumerate(rows) if row["label"] == "1"}
    precision, recall = len(found & offensive) / len(found), len(found & offensive) / len(offensive)
    print(f"\n{name}: {len(found)} of {len(rows)}, precision {precision:.1%}, recall {recall:.1%}")
    for score in sorted({attacks[index].score for index in found & attacks.keys()}):
        same = {index for index, match in attacks.items() if match.score == score}
        print(f"   attack {score}: {len(same & offensive)} of {len(same)} offensive")
    assert precision >= PRECISION_MIN
    assert name == "attack" or recall >= RECALL_MIN
