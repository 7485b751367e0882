"""`hearth moderation check`: what is told of each line, and of lines that cannot be read."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from connectors.imports.source import LINE_BYTES_MAX
from services.moderation.domain.line_check import Line, LineCheck
from tests.moderation_desk import BOOK
from tools.cli import app
from tools.message_lines import BadLine, read_lines

AD = "兼职日结，加 微 信 abc12345"


def check(said: str | bytes, *options: str) -> Result:
    """The command with this on its standard input."""
    return CliRunner().invoke(app, ["moderation", "check", *options], input=said)


def told(said: str | bytes, *options: str) -> list[dict[str, Any]]:
    """What it tells to programs."""
    result = check(said, "--json", *options)
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def flood(count: int) -> str:
    """So many messages of one member in a few seconds."""
    said = (
        {"text": f"第{n}句话{n * 7919}", "member": "ann", "sent_at": f"2024-03-05T04:00:{n:02}Z"}
        for n in range(count)
    )
    return "".join(json.dumps(each) + "\n" for each in said)


def by_flood(line: dict[str, Any]) -> bool:
    """Whether that rule found something in a line."""
    return any(each["rule"] == "flood" for each in line["findings"])


def test_each_line_has_its_verdict_with_places_in_the_original() -> None:
    hello, ad = told(f"大家好\n{AD}\n")
    assert hello == {"line": 1, "verdict": "allow", "findings": []}
    assert (ad["line"], ad["verdict"]) == (2, "remove")
    finding = next(each for each in ad["findings"] if each["rule"] == "contact_ad")
    assert (finding["rule"], finding["kind"], finding["mode"]) == ("contact_ad", "contact_ad", "enforce")
    assert "加 微 信 abc12345" in {AD[start:end] for start, end in finding["spans"]}


def test_lines_of_json_and_of_text_may_stand_together() -> None:
    lines = told(json.dumps({"text": AD}) + f"\n{{x | x > 0}}\n\n{AD}\n")
    assert [(each["line"], each["verdict"]) for each in lines] == [(1, "remove"), (2, "allow"), (4, "remove")]


def test_a_flood_is_seen_where_member_and_time_are_known() -> None:
    lines = told(flood(9))
    assert [each["line"] for each in lines if by_flood(each)] == [9]
    assert (lines[-1]["verdict"], lines[-1]["also"]) == ("remove", list(range(1, 9)))
    unknown = flood(9).replace('"member"', '"nobody"')
    assert not any(by_flood(each) for each in told(unknown))


def test_what_cannot_be_read_is_told_by_number_and_stops_nothing() -> None:
    said = b'{"text": 5}\n{"text"\n{"sent_at": 1}\n{"text": "a", "sent_at": "soon"}\n\xff\xfe\x00\n'
    result = check(said + AD.encode(), "--json")
    assert result.exit_code == 0
    assert [json.loads(line)["line"] for line in result.stdout.splitlines()] == [5, 6]
    assert "line 1: text is no text" in result.stderr
    assert "line 2: the line is no JSON" in result.stderr
    assert "line 3: text is missing" in result.stderr
    assert "line 4: sent_at is no time" in result.stderr
    assert "4 lines could not be read" in result.stderr


def test_a_line_without_end_does_not_fill_the_memory() -> None:
    lines = list(read_lines(io.BytesIO(b"x" * (LINE_BYTES_MAX + 2) + b"\nhello")))
    assert lines == [BadLine(1, "the line is too long"), Line(2, "hello")]


def test_own_rules_judge_instead(tmp_path: Path) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text("rules: [{id: contact_ad, mode: review}]")
    (line,) = told(AD, "--rules", str(rules))
    assert line["verdict"] == "review"


@pytest.mark.parametrize(
    "content", ["rules: [{id: flood, params: {messages_max: 0}}]", "rules: {", "rules: 5"]
)
def test_bad_rules_are_refused_with_the_reason(tmp_path: Path, content: str) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text(content)
    result = check(AD, "--rules", str(rules))
    assert result.exit_code == 2
    assert "rules" in result.stderr or "flood" in result.stderr


def test_own_word_lists_are_read_beside_the_rules(tmp_path: Path) -> None:
    words = tmp_path / "mine.txt"
    words.write_text("暗号一二三\n!暗号一二三四\n" + "长" * 200 + "\n")
    result = check("说个暗号一二三吧\n暗号一二三四\n", "--json", "--lexicon", str(words))
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [each["verdict"] for each in lines] == ["remove", "allow"]
    assert (lines[0]["findings"][0]["rule"], lines[0]["findings"][0]["spans"]) == ("list:mine.txt", [[2, 7]])
    assert "mine.txt:3:" in result.stderr


def test_a_word_list_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert check(AD, "--lexicon", str(tmp_path / "none.txt")).exit_code == 2


def test_for_people_it_tells_reasons_and_steers_no_terminal() -> None:
    result = check(f"\x1b[2J大家好\n{AD}\n")
    assert "\x1b" not in result.stdout
    assert "remove" in result.stdout
    assert "contact_ad" in result.stdout


def test_where_batches_are_cut_changes_nothing() -> None:
    lines = [each for each in read_lines(io.BytesIO(flood(20).encode())) if isinstance(each, Line)]
    whole = LineCheck(BOOK).check(lines)
    one_by_one = LineCheck(BOOK)
    assert [checked for line in lines for checked in one_by_one.check([line])] == whole
