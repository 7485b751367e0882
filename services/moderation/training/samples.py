"""Labelled texts to learn from: those that come with the service, a file's, operators' verdicts."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from shared.text import Normalised, normalise_all

SHIPPED = Path(__file__).parents[1] / "samples"
FILE_BYTES_MAX = 50_000_000
TEXT_CHARACTERS_MAX = 20_000
SPAM, HAM = "spam", "ham"
OWN_WEIGHT = 8.0
"""How many shipped samples one of a community's own outweighs: what is spam there, it knows better."""


class Sample(NamedTuple):
    """A text and whether it is spam."""

    text: str
    is_spam: bool


class BadSamples(ValueError):
    """A file of samples cannot be used; the message names the file, the line and what is wrong."""


def shipped_samples() -> list[Sample]:
    """Written for this project, Chinese and English with some Russian."""
    return [sample for name in (SPAM, HAM) for sample in read_samples(SHIPPED / f"{name}.jsonl")]


def read_samples(path: Path) -> list[Sample]:
    """A file with one `{"label": "spam" or "ham", "text": …}` a line. Raises BadSamples."""
    try:
        if path.stat().st_size > FILE_BYTES_MAX:
            raise BadSamples(f"{path} is larger than {FILE_BYTES_MAX:,} bytes")
        lines = path.read_text(encoding="utf-8").split("\n")
    except OSError as error:
        raise BadSamples(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise BadSamples(f"{path} is not UTF-8") from error
    return [_sample(line, f"{path}, line {number}") for number, line in enumerate(lines, 1) if line.strip()]


def verdict_samples(verdicts: Iterable[tuple[str, str]]) -> list[Sample]:
    """Of (text, label)."""
    return [Sample(text, label == SPAM) for text, label in verdicts]


class Distinct(NamedTuple):
    """What is learned, place by place."""

    reads: list[Normalised]
    labels: list[bool]
    weights: list[float]


def distinct(sources: Sequence[Sequence[Sample]]) -> Distinct:
    """Each text once as rules read it, its label and weight, in an order that depends on nothing but texts.

    Where sources contradict each other the later one is right, within one the earlier sample. The first
    source is what everybody has, the later ones are a community's own and weigh more.
    """
    known: dict[str, tuple[Normalised, bool, float]] = {}
    for number, source in enumerate(sources):
        reads = normalise_all([sample.text for sample in source])
        for read, sample in reversed(list(zip(reads, source, strict=True))):
            known[read.text] = read, sample.is_spam, OWN_WEIGHT if number else 1.0
    ordered = [known[text] for text in sorted(known) if text.strip()]
    return Distinct(
        [each[0] for each in ordered], [each[1] for each in ordered], [each[2] for each in ordered]
    )


def _sample(line: str, place: str) -> Sample:
    try:
        match json.loads(line):
            case {"text": str(text), "label": ("spam" | "ham") as label} if text:
                return Sample(text[:TEXT_CHARACTERS_MAX], label == SPAM)
    except (json.JSONDecodeError, RecursionError) as error:
        raise BadSamples(f"{place} is no JSON object") from error
    raise BadSamples(f'{place} is not {{"label": "spam" or "ham", "text": "…"}}')
