"""Raw IRC logs become messages, joins, parts and changes of name, at times that the log only hints at."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.imports.irc import channel_of, date_of
from connectors.imports.irc_lines import parse
from connectors.imports.reading import Item
from shared.contracts.chat import MemberJoined, MemberLeft, MemberUpdated, MessagePosted
from tests.unit.feeding.imports import bad, items, parsed, skipped, write

NAME = "2006-06-01.ubuntu.txt"
FIRST = datetime(2006, 6, 1, tzinfo=UTC)


def read(tmp_path: Path, *lines: str, name: str = NAME, zone: str = "UTC") -> list[Item]:
    """A log of these lines."""
    return items(write(tmp_path, name, "\n".join(lines) + "\n"), "irc", zone)


def times(tmp_path: Path, *stamps: str, zone: str = "UTC") -> list[datetime]:
    """When lines with these times of day happened."""
    found = read(tmp_path, *(f"[{stamp}] <ann> hi" for stamp in stamps), zone=zone)
    return [each.occurred_at for each in parsed(found)]


def test_a_said_line_is_a_message_of_the_nick_in_the_files_channel(tmp_path: Path) -> None:
    ((event, occurred_at),) = parsed(read(tmp_path, "[01:02] <ann> hello"))
    assert isinstance(event, MessagePosted)
    assert (event.member_id, event.member_name, event.channel_id, event.text) == (
        "tea:ann",
        "ann",
        "#ubuntu",
        "hello",
    )
    assert occurred_at == FIRST + timedelta(hours=1, minutes=2)


def test_an_action_is_a_message(tmp_path: Path) -> None:
    told = parsed(read(tmp_path, "[01:02]  * ann waves", "=== ann smiles"))
    assert [each.event.text for each in told] == ["/me waves", "/me smiles"]


def test_joins_and_parts_happen_at_the_time_of_the_line_before(tmp_path: Path) -> None:
    told = parsed(
        read(
            tmp_path,
            "[01:02] <ann> hello",
            "=== bob [~b@host]  has joined #ubuntu",
            '=== bob [~b@host]  has left #ubuntu ["bye"]',
            "[01:03] <ann> gone",
        )
    )
    assert [type(each.event) for each in told] == [MessagePosted, MemberJoined, MemberLeft, MessagePosted]
    minute = FIRST + timedelta(hours=1, minutes=2)
    assert [each.occurred_at for each in told[:3]] == [minute + timedelta(seconds=20 * k) for k in range(3)]


def test_a_person_who_changes_nick_stays_the_same_member(tmp_path: Path) -> None:
    told = parsed(
        read(
            tmp_path,
            "[01:02] <ann> hello",
            "=== ann is now known as ann_away",
            "[01:03] <ann_away> back soon",
        )
    )
    assert told[1].event == MemberUpdated(community_id="tea", member_id="tea:ann", member_name="ann_away")
    assert (told[2].event.member_id, told[2].event.member_name) == ("tea:ann", "ann_away")


def test_who_returns_to_a_known_nick_is_again_who_had_it(tmp_path: Path) -> None:
    told = parsed(
        read(
            tmp_path,
            "[01:02] <ann> one",
            "[01:02] <ann_> two",
            "=== ann_ is now known as ann",
            "[01:02] <ann> three",
        )
    )
    assert [each.event.member_id for each in told] == ["tea:ann", "tea:ann_", "tea:ann", "tea:ann"]


def test_a_freed_nick_belongs_to_who_comes_in_by_it(tmp_path: Path) -> None:
    told = parsed(
        read(tmp_path, "[01:02] <ann> one", "=== ann is now known as bob", "=== bob [h] has left #u []",
             "=== bob [h] has joined #u", "[01:05] <bob> new here")
    )  # fmt: skip
    assert told[-1].event.member_id == "tea:bob"


def test_a_nick_addressed_at_the_beginning_is_mentioned(tmp_path: Path) -> None:
    told = parsed(
        read(tmp_path, "[01:02] <ann> hi", "[01:03] <bob> ann: hello", "[01:03] <bob> nobody: hello")
    )
    assert [each.event.mentions for each in told] == [(), ("tea:ann",), ()]


def test_lines_of_one_minute_are_spread_over_it(tmp_path: Path) -> None:
    assert times(tmp_path, "01:02", "01:02", "01:02", "01:03") == [
        FIRST + timedelta(hours=1, minutes=2, seconds=seconds) for seconds in (0, 20, 40, 60)
    ]


def test_times_that_pass_midnight_go_on_with_the_next_date(tmp_path: Path) -> None:
    assert times(tmp_path, "13:00", "23:59", "00:01") == [
        FIRST + timedelta(hours=13),
        FIRST + timedelta(hours=23, minutes=59),
        FIRST + timedelta(hours=24, minutes=1),
    ]


def test_a_clock_of_twelve_hours_is_recognised_at_noon(tmp_path: Path) -> None:
    assert times(tmp_path, "11:59", "00:00", "11:59", "00:00") == [
        FIRST + timedelta(hours=12, minutes=-1), FIRST + timedelta(hours=12),
        FIRST + timedelta(hours=24, minutes=-1), FIRST + timedelta(hours=24),
    ]  # fmt: skip


def test_an_hour_told_twice_in_autumn_is_two_hours(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "2006-10-29.ubuntu.txt",
        "".join(f"[{t}] <a> x\n" for t in ("02:10", "02:50", "02:20", "03:00")),
    )
    moments = [each.occurred_at for each in parsed(items(path, "irc", "Europe/Berlin"))]
    assert [(moment - moments[0]).total_seconds() / 60 for moment in moments] == [0, 40, 70, 110]


def test_local_times_are_read_in_the_communitys_zone(tmp_path: Path) -> None:
    assert times(tmp_path, "09:00", zone="Asia/Shanghai") == [FIRST + timedelta(hours=1)]


def test_server_notices_are_skipped_and_counted(tmp_path: Path) -> None:
    found = read(tmp_path, "[01:02] <ann> hi", "=== mode/#ubuntu [+o ann]  by ChanServ")
    assert [each.what for each in skipped(found)] == ["server notice"]
    assert not bad(found)


@pytest.mark.parametrize(
    "broken", ["no log at all", "[25:00] <ann> late", "[01:02] ann: hi", "<ann> no time"]
)
def test_a_line_of_no_log_is_bad_and_stops_nothing(tmp_path: Path, broken: str) -> None:
    found = read(tmp_path, "[01:02] <ann> hi", broken, "[01:03] <ann> hi")
    assert [each.number for each in bad(found)] == [2]
    assert len(parsed(found)) == 2


def test_a_file_without_a_date_in_its_name_is_said_to_be_so(tmp_path: Path) -> None:
    (told,) = bad(read(tmp_path, "[01:02] <ann> hi", name="ubuntu.txt"))
    assert "holds no date" in told.why


def test_ids_come_from_file_line_and_content(tmp_path: Path) -> None:
    first = parsed(read(tmp_path, "[01:02] <ann> hi", "[01:02] <ann> hi"))
    again = parsed(read(tmp_path, "[01:02] <ann> hi", "[01:02] <ann> hi"))
    assert [each.event for each in first] == [each.event for each in again]
    assert first[0].event.message_id != first[1].event.message_id


def test_old_logs_in_latin_1_are_readable(tmp_path: Path) -> None:
    path = write(tmp_path, NAME, "[01:02] <ann> café\n".encode("latin-1"))
    assert parsed(items(path, "irc"))[0].event.text == "café"


@pytest.mark.parametrize(
    ("name", "channel"),
    [("2006-06-01.ubuntu.txt", "#ubuntu"), ("#tea.20240305.log.gz", "#tea"), ("2024-03-05.txt", "#irc")],
)
def test_date_and_channel_are_in_the_files_name(name: str, channel: str) -> None:
    assert date_of(name) is not None
    assert channel_of(name) == channel


@given(st.binary(max_size=100))
def test_no_bytes_whatever_make_the_parser_fail(content: bytes) -> None:
    parse(1, b"[01:02] " + content)
    parse(1, b"=== " + content)
