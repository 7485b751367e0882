"""`hearth moderation backtest --file`: the same verdicts in one process and in several; bad lines, texts."""

import gzip
import json
import random
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from tools.backtest_run import Job, run_file
from tools.cli import app
from tools.policy_files import policy_of

AD = "兼职日结，加微信 abc12345"
TEXTS = ["哈哈", "大家晚上好呀今天吃什么", "大家晚上好呀今天吃什么1", AD, "😀" * 12, "😀" * 30]
CANDIDATE = """
rules:
  - {id: flood, mode: review, params: {messages_max: 2}}
  - {id: wall, params: {emoji_max: 10}}
"""


def history(count: int) -> list[dict[str, Any]]:
    """Talk of a few members, with floods and ads in it."""
    draw = random.Random(5)
    return [
        {
            "id": n,
            "sent_at": 1_700_000_000 + n * 2,
            "channel": "hall",
            "sender": f"u{draw.randrange(7)}",
            "text": draw.choice(TEXTS),
            "is_bot": n % 20 == 0,
        }
        for n in range(count)
    ]


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """The candidate."""
    path = tmp_path / "candidate.yaml"
    path.write_text(CANDIDATE)
    return path


def record(folder: Path, *more: str, count: int = 600) -> Path:
    """A history in a file."""
    path = folder / "history.jsonl.gz"
    lines = [json.dumps(each) for each in history(count)]
    path.write_bytes(gzip.compress("\n".join([*lines, *more]).encode()))
    return path


def backtest(*options: str | Path) -> Result:
    """The command."""
    return CliRunner().invoke(app, ["moderation", "backtest", *map(str, options)])


def test_several_processes_find_what_one_finds(tmp_path: Path, rules: Path) -> None:
    job = Job(record(tmp_path), policy_of(None), policy_of(rules))
    one, skipped = run_file(job)
    assert run_file(job._replace(parts=3)) == (one, skipped)
    assert one.messages == 570
    assert len(one.candidate.noted) > len(one.active.noted) > 0
    assert one.active.sanctions.total() > 0


def test_the_result_is_for_programs_too(tmp_path: Path, rules: Path) -> None:
    result = backtest("--rules", rules, "--file", record(tmp_path), "--json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert told["messages"] == 570
    assert told["newly_caught"]["count"] >= len(told["newly_caught"]["message_ids"]) > 0
    assert "texts" not in told
    assert AD not in result.stdout


def test_texts_are_shown_only_when_asked_for(tmp_path: Path, rules: Path) -> None:
    file = record(tmp_path)
    assert "😀" not in backtest("--rules", rules, "--file", file).stdout
    assert "😀" in backtest("--rules", rules, "--file", file, "--show", "3").stdout


def test_what_cannot_be_read_is_told_and_stops_nothing(tmp_path: Path, rules: Path) -> None:
    bad = [
        "no JSON",
        '{"sender": "a", "text": "x"}',
        '{"sent_at": 5, "text": "x"}',
        '{"sender": [], "sent_at": 5}',
    ]
    result = backtest("--rules", rules, "--file", record(tmp_path, *bad), "--json")
    assert json.loads(result.stdout)["messages"] == 570
    assert "history.jsonl.gz:601: the line is no JSON" in result.stderr
    assert "4 lines could not be read" in result.stderr


def test_a_file_that_is_cut_off_is_read_as_far_as_it_goes(tmp_path: Path, rules: Path) -> None:
    file = record(tmp_path)
    file.write_bytes(file.read_bytes()[:-200])
    result = backtest("--rules", rules, "--file", file, "--json")
    assert 0 < json.loads(result.stdout)["messages"] < 570
    assert "cannot be read further" in result.stderr


def test_overturned_messages_are_followed(tmp_path: Path, rules: Path) -> None:
    ids = tmp_path / "overturned.txt"
    ad = next(each["id"] for each in history(600) if each["text"] == AD and not each["is_bot"])
    ids.write_text(f"{ad}\nunknown\n")
    result = backtest("--rules", rules, "--file", record(tmp_path), "--overturned", ids, "--json")
    overturned = json.loads(result.stdout)["overturned"]
    assert (overturned["given"], overturned["candidate"]["message_ids"]) == (2, [str(ad)])


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["--file", "no-such-file"],
        ["--file", "/dev/null", "--community", "tea"],
        ["--file", "/dev/null", "--from", "2024-01-01"],
        ["--community", "tea", "--show", "3"],
        ["--community", "tea"],
    ],
)
def test_a_question_that_makes_no_sense_is_refused(rules: Path, options: list[str]) -> None:
    assert backtest("--rules", rules, *options).exit_code == 2
