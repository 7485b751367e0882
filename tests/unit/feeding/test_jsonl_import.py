"""JSON Lines become messages; what is broken is told by its line and stops nothing."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.imports.authors import Authors
from connectors.imports.jsonl import _item
from connectors.imports.reading import BadLine, Parsed, sender_of
from shared.contracts.chat import MessagePosted
from shared.contracts.contract import TEXT_CHARACTERS_MAX
from tests.unit.feeding.imports import bad, items, parsed, reading, write

LINE: dict[str, Any] = {
    "id": 7,
    "sent_at": "2024-03-05T04:00:00Z",
    "channel": "hall",
    "topic": "tea",
    "sender": "ann",
    "text": "早",
}


def line(**changes: Any) -> str:
    """A good line with changes; None takes a field away."""
    return (
        json.dumps({name: value for name, value in {**LINE, **changes}.items() if value is not None}) + "\n"
    )


def one(tmp_path: Path, **changes: Any) -> Parsed:
    """The event of a changed line."""
    (event,) = parsed(items(write(tmp_path, "a.jsonl", line(**changes)), "jsonl"))
    return event


def test_a_line_becomes_a_message_with_its_time_channel_thread_and_namespaced_sender(tmp_path: Path) -> None:
    event, occurred_at = one(tmp_path, mentions=["bob"], is_bot=True)
    assert event == MessagePosted(
        community_id="tea", channel_id="hall", message_id="7", member_id="tea:ann", text="早", thread="tea",
        mentions=("tea:bob",), is_bot=True,
    )  # fmt: skip
    assert occurred_at == datetime(2024, 3, 5, 4, tzinfo=UTC)
    assert sender_of("tea", "tea:ann") == "ann"


def test_a_reply_names_the_author_where_the_message_came_before_in_the_file(tmp_path: Path) -> None:
    content = line() + line(id=8, sender="bob", reply_to=7) + line(id=9, reply_to=1)
    _, reply, unknown = (each.event for each in parsed(items(write(tmp_path, "a.jsonl", content), "jsonl")))
    assert (reply.reply_to, reply.reply_to_member) == ("7", "tea:ann")
    assert (unknown.reply_to, unknown.reply_to_member) == ("1", None)


def test_a_time_without_zone_is_the_communitys(tmp_path: Path) -> None:
    assert one(tmp_path, sent_at="2024-03-05T12:00:00").occurred_at == datetime(2024, 3, 5, 4, tzinfo=UTC)


def test_seconds_since_1970_are_a_time_too(tmp_path: Path) -> None:
    assert one(tmp_path, sent_at=1709611200).occurred_at == datetime(2024, 3, 5, 4, tzinfo=UTC)


def test_gzip_is_recognised_by_its_content(tmp_path: Path) -> None:
    assert len(parsed(items(write(tmp_path, "a.jsonl.gz", line() * 3), "jsonl"))) == 3


def test_reading_twice_gives_the_same_ids(tmp_path: Path) -> None:
    path = write(tmp_path, "a.jsonl", line() + line(id=None, text="无号"))
    first, second = (
        [each.event.identify("/import/jsonl", each.occurred_at) for each in parsed(items(path, "jsonl"))]
        for _ in range(2)
    )
    assert first == second


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        ("{", "no JSON"),
        ("[]", "no JSON object"),
        (line(sent_at=None), "sent_at is missing"),
        (line(sent_at="gestern"), "sent_at is no time"),
        (line(sent_at=1e300), "sent_at is no time"),
        (line(sent_at="1970-01-01T00:00:00Z"), "before the first chats"),
        (line(sent_at="2031-01-01T00:00:00Z"), "in the future"),
        (line(sender=None), "the sender is empty"),
        (line(sender="x" * 300), "member_id"),
        (line(sender=["ann"]), "sender is neither"),
        (line(text=7), "text"),
        (line(mentions="bob"), "mentions is no list"),
        ("[" * 100_000, "no JSON"),
        ("\x00\xff", "no JSON"),
    ],
)
def test_a_broken_line_is_told_by_its_number_and_stops_nothing(tmp_path: Path, broken: str, why: str) -> None:
    found = items(write(tmp_path, "a.jsonl", line() + broken.strip() + "\n" + line(id=8)), "jsonl")
    (told,) = bad(found)
    assert told.number == 2
    assert why in told.why
    assert len(parsed(found)) == 2


def test_a_damaged_gzip_file_gives_what_came_before_and_one_bad_line(tmp_path: Path) -> None:
    path = write(
        tmp_path, "a.jsonl.gz", "".join(line(id=number, text=f"{number:x}" * 50) for number in range(500))
    )
    path.write_bytes(path.read_bytes()[:-200])
    found = items(path, "jsonl")
    assert len(bad(found)) == 1
    assert len(parsed(found)) > 100


def test_text_is_cut_and_lone_surrogates_are_replaced_and_both_are_counted() -> None:
    whole = reading()
    authors = Authors()
    long = _item(1, line(text="长" * (TEXT_CHARACTERS_MAX + 1)).encode(), whole, authors)
    lone = _item(2, b'{"sent_at":"2024-03-05T04:00:00Z","sender":"ann","text":"a\\ud83db"}', whole, authors)
    pair = _item(
        3, b'{"sent_at":"2024-03-05T04:00:00Z","sender":"ann","text":"\\ud83d\\ude00"}', whole, authors
    )
    assert isinstance(long, Parsed)
    assert isinstance(lone, Parsed)
    assert isinstance(pair, Parsed)
    assert len(long.event.text) == TEXT_CHARACTERS_MAX
    assert lone.event.text == "a�b"
    assert pair.event.text == "😀"
    assert (whole.cleaner.cut, whole.cleaner.replaced) == (1, 1)


@given(st.binary(max_size=300))
def test_no_bytes_whatever_make_the_reader_fail(content: bytes) -> None:
    assert isinstance(_item(1, content, reading(), Authors()), Parsed | BadLine)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3),
)


@given(st.fixed_dictionaries({}, optional=dict.fromkeys([*LINE, "mentions", "reply_to", "is_bot"], JSON)))
def test_no_json_object_whatever_makes_the_reader_fail(record: dict[str, Any]) -> None:
    content = json.dumps({**LINE, **record}).encode()
    assert isinstance(_item(1, content, reading(), Authors()), Parsed | BadLine)
