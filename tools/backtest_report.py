"""The result of a back-test for people at a terminal."""

from collections.abc import Iterator, Mapping
from typing import Any

TEXT_SHOWN = 160


def as_text(result: Mapping[str, Any], texts: Mapping[str, str]) -> str:
    """Both policies side by side, then what changes; with the messages' texts where they were asked for."""
    return "\n".join(_lines(result, texts))


def sample_ids(result: Mapping[str, Any]) -> frozenset[str]:
    """All messages that the result names."""
    groups = [messages for _, messages in _groups(result)]
    return frozenset(message_id for each in groups for message_id in each["message_ids"])


def _lines(result: Mapping[str, Any], texts: Mapping[str, str]) -> Iterator[str]:
    yield f"{result['messages']:,} messages, {result['first_at'] or '-'} to {result['last_at'] or '-'}"
    if not result["is_whole"]:
        yield "ended early: a policy found more than is kept, so this is the beginning of the record only"
    yield f"{'':<32}{'active':>10}{'candidate':>12}"
    for name, before, after in _rows(result["active"], result["candidate"]):
        yield f"{name:<32}{before:>10,}{after:>12,}"
    for name, messages in _groups(result):
        yield f"{name}: {messages['count']:,}"
        for message_id in messages["message_ids"]:
            yield f"  {message_id}  {_shown(texts[message_id])}" if message_id in texts else f"  {message_id}"


def _rows(active: Mapping[str, Any], candidate: Mapping[str, Any]) -> Iterator[tuple[str, int, int]]:
    for verdict, count in active["verdicts"].items():
        yield f"messages to {verdict}", count, candidate["verdicts"][verdict]
    yield "cases", active["cases"], candidate["cases"]
    for step, count in active["sanctions"].items():
        yield f"sanctions: {step}", count, candidate["sanctions"][step]
    before, after = (
        {each["rule"]: each["messages"] for each in side["rules"]} for side in (active, candidate)
    )
    for rule in before | after:
        yield f"rule {rule}", before.get(rule, 0), after.get(rule, 0)


def _groups(result: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield "newly caught", result["newly_caught"]
    yield "newly lost", result["newly_lost"]
    for change, messages in result["changed"].items():
        yield f"changed from {change}", messages
    if result["overturned"]["given"]:
        yield "overturned, caught by the active policy", result["overturned"]["active"]
        yield "overturned, caught by the candidate", result["overturned"]["candidate"]


def _shown(text: str) -> str:
    """The beginning of a text on one line; nothing in it steers the terminal."""
    cut = " ".join(text[: TEXT_SHOWN + 1].split())
    cut = f"{cut[:TEXT_SHOWN]}…" if len(text) > TEXT_SHOWN else cut
    return "".join(each if each.isprintable() else "�" for each in cut)
