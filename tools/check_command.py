"""`hearth moderation check`: lines from standard input before the rules, without any server."""

import json
import os
import sys
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer

from services.moderation.domain.line_check import CheckedLine, Line, LineCheck
from services.moderation.domain.verdict import Verdict
from tools.message_lines import BadLine, read_lines
from tools.policy_files import book_of

BATCH_LINES = 500
TEXT_SHOWN = 80
COLOURS = {Verdict.OBSERVE: "36", Verdict.REMIND: "33", Verdict.REVIEW: "35", Verdict.REMOVE: "31"}


def check(
    rules: Annotated[
        Path | None, typer.Option(help="A policy in YAML on top of the shipped one; else the shipped one.")
    ] = None,
    lexicon: Annotated[
        list[Path] | None, typer.Option(help="A word list, again for several; its words are removed.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """What the rules say of each line: a text, or a JSON object with `text`, `member`, `channel`, `sent_at`.

    Where member and time are known, rules that count messages look at them too. Lines that cannot be read are
    counted and told on standard error.
    """
    checker = LineCheck(book_of(rules, lexicon or ()))
    is_coloured = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    lines = read_lines(sys.stdin.buffer)
    bad = 0
    while batch := list(islice(lines, BATCH_LINES)):
        good = [each for each in batch if isinstance(each, Line)]
        for broken in (each for each in batch if isinstance(each, BadLine)):
            bad += 1
            print(f"line {broken.number}: {broken.why}", file=sys.stderr)
        checked = checker.check(good)
        _write(map(_as_json, checked) if as_json else (_as_text(each, is_coloured) for each in checked))
    if bad:
        print(f"{bad:,} lines could not be read", file=sys.stderr)


def _write(lines: Iterator[str]) -> None:
    """As bytes, since what strangers wrote may hold lone surrogates."""
    text = "".join(f"{line}\n" for line in lines)
    sys.stdout.buffer.write(text.encode("utf-8", "replace"))
    sys.stdout.buffer.flush()


def _as_json(checked: CheckedLine) -> str:
    if not checked.findings:
        return f'{{"line": {checked.line.number}, "verdict": "allow", "findings": []}}'
    findings = [
        {
            "rule": each.rule.id,
            "kind": each.rule.kind,
            "mode": each.mode,
            "score": each.finding.score,
            "evidence": each.finding.evidence,
            "spans": each.finding.spans,
        }
        for each in checked.findings
    ]
    told = {"line": checked.line.number, "verdict": checked.verdict, "findings": findings}
    return json.dumps(told | ({"also": checked.also} if checked.also else {}), ensure_ascii=False)


def _as_text(checked: CheckedLine, is_coloured: bool) -> str:
    verdict = f"{checked.verdict:<8}"
    if is_coloured and checked.verdict in COLOURS:
        verdict = f"\x1b[{COLOURS[checked.verdict]}m{verdict}\x1b[0m"
    said = [f"{checked.line.number:>6}  {verdict}{_shown(checked.line.text)}"]
    for each in checked.findings:
        places = ", ".join(f"{start}-{end}" for start, end in each.finding.spans)
        named = each.rule.id if each.rule.id == each.rule.kind else f"{each.rule.id} ({each.rule.kind})"
        at = f" at {places}" if places else ""
        said.append(f"{'':>16}{named} {each.finding.score:.2f}: {each.finding.evidence}{at}")
    if checked.also:
        said.append(f"{'':>16}with lines {_numbers(checked.also)}")
    return "\n".join(said)


def _shown(text: str) -> str:
    """The beginning of a text; nothing in it steers the terminal."""
    cut = text if len(text) <= TEXT_SHOWN else f"{text[:TEXT_SHOWN]}…"
    return cut if cut.isprintable() else "".join(each if each.isprintable() else "�" for each in cut)


def _numbers(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers))
