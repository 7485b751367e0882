"""The spam classifier: what its rule says, and what training promises."""

import json
from pathlib import Path

import pytest

from services.moderation.domain.message import SPANS_MAX, Message
from services.moderation.domain.rules.classifier import ClassifierParams, ClassifierRule
from services.moderation.store.models import shipped_model
from services.moderation.training.fit import CannotTrain, fit
from services.moderation.training.samples import (
    OWN_WEIGHT,
    BadSamples,
    Sample,
    distinct,
    read_samples,
    shipped_samples,
)
from shared.text import fingerprint_all, normalise_all

SPAM = (
    "长期招刷单兼职，佣金秒结，在家手机就能做，一天两百",
    "Guaranteed profit, invest $200 and withdraw $2,000 today",
)
HAM = ("明天下午三点开会，地点还是老地方", "The build is green again, thanks for the quick fix", "")


def messages(*texts: str) -> list[Message]:
    """Of an unknown member."""
    reads = normalise_all(texts)
    marks = fingerprint_all([read.text for read in reads])
    return [Message("", "", "", "", 0, read, mark) for read, mark in zip(reads, marks, strict=True)]


def test_spam_is_matched_with_places_and_numbers_but_no_words() -> None:
    texts = (HAM[0], SPAM[0], HAM[1], SPAM[1], HAM[2])
    found = ClassifierRule(ClassifierParams(), shipped_model()).match(messages(*texts))
    assert set(found) == {1, 3}
    for index, match in found.items():
        assert match.score >= 0.8
        assert 0 < len(match.spans) <= SPANS_MAX
        assert all(0 <= start < end <= len(texts[index]) for start, end in match.spans)
        assert match.evidence == f"p={match.score:.2f}, model 0"


def test_no_messages_no_matches() -> None:
    assert ClassifierRule(ClassifierParams(), shipped_model()).match([]) == {}


@pytest.mark.parametrize("score_min", [0.4, 1.1])
def test_thresholds_that_make_no_sense_are_refused(score_min: float) -> None:
    with pytest.raises(ValueError, match="must be between"):
        ClassifierParams(score_min)


def test_the_shipped_model_is_what_training_makes_of_the_shipped_samples() -> None:
    samples = shipped_samples()
    trained = fit(*distinct([samples])).model
    again = fit(*distinct([list(reversed(samples))])).model
    assert trained.linear.pack() == again.linear.pack()
    assert (trained.slope, trained.intercept) == (again.slope, again.intercept)
    texts = [sample.text for sample in samples]
    shipped = shipped_model().probabilities(normalise_all(texts))
    assert trained.probabilities(normalise_all(texts)) == pytest.approx(shipped, abs=0.002)


def test_there_are_enough_shipped_samples_and_none_twice() -> None:
    samples = shipped_samples()
    assert sum(sample.is_spam for sample in samples) >= 300
    assert sum(not sample.is_spam for sample in samples) >= 500
    assert len(samples) - len(distinct([samples]).reads) <= 2


def test_verdicts_teach_what_the_shipped_samples_do_not_know() -> None:
    text = "本店新到一批盆栽绿植，欢迎群友到店选购"
    judged = [Sample(f"{text}，第{number}批", True) for number in range(30)]
    taught = fit(*distinct([shipped_samples(), judged])).model
    (before,) = shipped_model().probabilities(normalise_all([text]))
    (after,) = taught.probabilities(normalise_all([text]))
    assert after > 0.9 > before


def test_an_operators_verdict_outweighs_a_shipped_sample() -> None:
    one = Sample("同一条消息", True)
    known = distinct([[one, Sample("另一条", True)], [Sample("同一条消息", False)]])
    assert dict(zip((read.text for read in known.reads), known.labels, strict=True))["同一条消息"] is False
    assert sorted(known.weights) == [1, OWN_WEIGHT]


@pytest.mark.parametrize("spam", [0, 10])
def test_too_few_samples_of_a_label_are_refused_with_their_number(spam: int) -> None:
    samples = [Sample(f"ham number {number}", False) for number in range(200)]
    samples += [Sample(f"buy this {number}", True) for number in range(spam)]
    with pytest.raises(CannotTrain, match=f"{spam} samples of spam"):
        fit(*distinct([samples]))


@pytest.mark.parametrize(
    "line", ["{", "[]", '{"text": "x"}', '{"text": 1, "label": "spam"}', '{"text": "x", "label": "?"}']
)
def test_a_line_that_is_no_sample_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "samples.jsonl"
    path.write_text(json.dumps({"text": "好", "label": "ham"}) + "\n" + line + "\n", encoding="utf-8")
    with pytest.raises(BadSamples, match="line 2"):
        read_samples(path)


def test_a_file_that_is_not_there_or_no_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadSamples, match="No such file"):
        read_samples(tmp_path / "nowhere")
    (tmp_path / "gbk").write_bytes("加微信".encode("gbk"))
    with pytest.raises(BadSamples, match="UTF-8"):
        read_samples(tmp_path / "gbk")
