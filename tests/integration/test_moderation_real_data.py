"""The rules on real histories: hardly anything of a clean community goes, a known share of spam does."""

import gzip
import json
from collections import Counter
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from services.moderation.domain.docket import Docket
from services.moderation.domain.message import Message
from services.moderation.domain.rules.contact_ad import ContactAd
from services.moderation.store.moments import microseconds_of
from shared.text import Fingerprint, Normalised, fingerprint_all, normalise_all
from tests.moderation_desk import BOOK

MESSAGES = 60_000
BATCH = 500
REMOVED_SHARE_MAX = 0.001
SPAM_SHARE_MIN = 0.4
"""The README states the figure; most of the rest gives no contact or is in no language of the rules."""


def found(path: Path) -> int:
    """How many lines the rule takes for ads."""
    rule = ContactAd()
    return sum(rule.judge(read) is not None for read in normalise_all(lines(path)))


def lines(path: Path) -> list[str]:
    """The texts of a file."""
    return path.read_text(encoding="utf-8").splitlines()


def message(record: dict[str, Any], read: Normalised, mark: Fingerprint) -> Message:
    """A message of the file."""
    posted_us = microseconds_of(datetime.fromisoformat(record["sent_at"]))
    return Message("lean", record["sender"], str(record["id"]), record["channel"], posted_us, read, mark)


def test_of_a_clean_community_hardly_anything_is_removed(real_data: Path) -> None:
    docket = Docket({})
    humans = 0
    with gzip.open(real_data / "community-2024.jsonl.gz", "rt", encoding="utf-8") as file:
        records = [json.loads(line) for line in islice(file, MESSAGES)]
    records = [record for record in records if not record.get("is_bot")]
    reads = normalise_all([record["text"] for record in records])
    marks = fingerprint_all([read.text for read in reads])
    messages = [message(*each) for each in zip(records, reads, marks, strict=True)]
    for start in range(0, len(messages), BATCH):
        batch = messages[start : start + BATCH]
        for said, shown in zip(batch, BOOK.read(batch), strict=True):
            docket.judge_posted(said, shown, BOOK, humans)
            humans += 1
    rules = Counter(removal.finding.rule for removal in docket.removals.values())
    print(f"{rules.total()} of {humans} removed: {dict(rules)}")
    assert humans > MESSAGES * 0.9
    assert rules.total() <= humans * REMOVED_SHARE_MAX


def test_no_ad_is_seen_in_normal_telegram_talk(real_data: Path) -> None:
    """The file's one finding is a job ad that its collectors overlooked."""
    path = real_data / "moderation" / "telegram-ham.txt"
    assert found(path) <= 1 < len(lines(path)) * 0.01


def test_a_known_share_of_telegram_spam_is_caught(real_data: Path) -> None:
    path = real_data / "moderation" / "telegram-spam.txt"
    share = found(path) / len(lines(path))
    print(f"{share:.1%} of {len(lines(path))} caught")
    assert share >= SPAM_SHARE_MIN


def test_rude_comments_are_no_ads(real_data: Path) -> None:
    assert found(real_data / "moderation" / "cold-dev.csv") == 0


def test_no_ad_is_seen_in_technical_irc(real_data: Path) -> None:
    assert sum(found(path) for path in (real_data / "irc").glob("*.txt")) == 0
