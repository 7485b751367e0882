"""Several files become one history in order of time; what could not be read is counted."""

import json
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from connectors.imports.events import write_line
from connectors.imports.formats import FORMATS
from connectors.imports.history import OUT_OF_ORDER_MAX, History
from tests.builders import posted
from tests.unit.feeding.imports import bad, items, parsed, reading, write

START = datetime(2024, 3, 5, tzinfo=UTC)


def log(folder: Path, name: str, *seconds: int) -> Path:
    """A file with a message at each of these seconds, named after it and its place."""
    lines = [
        json.dumps(
            {
                "id": f"{name}-{place}",
                "sent_at": (START + timedelta(seconds=second)).isoformat(),
                "sender": "a",
            }
        )
        for place, second in enumerate(seconds)
    ]
    return write(folder, name, "\n".join(lines))


def history(*paths: Path) -> History:
    """The files as one history."""
    return History(FORMATS["jsonl"], paths, reading())


def told(*paths: Path) -> list[str]:
    """Message ids in order."""
    return [each.event.message_id for each in history(*paths).events()]


def test_files_are_merged_by_time_whatever_their_order(tmp_path: Path) -> None:
    late, early = log(tmp_path, "late", 10, 30), log(tmp_path, "early", 0, 20, 40)
    assert told(late, early) == ["early-0", "late-0", "early-1", "late-1", "early-2"]


def test_a_disordered_file_is_sorted_and_equal_times_keep_their_order(tmp_path: Path) -> None:
    assert told(log(tmp_path, "a", 5, 3, 3, 9, 1)) == ["a-4", "a-1", "a-2", "a-0", "a-3"]


def test_what_is_too_late_to_be_sorted_is_kept_and_counted(tmp_path: Path) -> None:
    whole = history(log(tmp_path, "a", *range(1, OUT_OF_ORDER_MAX + 3), 0))
    found = [each.event.message_id for each in whole.events()]
    assert len(found) == OUT_OF_ORDER_MAX + 3
    assert whole.findings.late == 1


def test_bad_lines_are_counted_and_the_first_kept_with_their_file(tmp_path: Path) -> None:
    good = log(tmp_path, "good", 1)
    broken = write(tmp_path, "broken", "x\n" * 50)
    whole = history(broken, good)
    assert len(list(whole.events())) == 1
    assert whole.findings.bad == 50
    assert [name for name, _ in whole.findings.first_bad] == ["broken"] * 20
    assert whole.bytes_read == whole.bytes_total


@given(st.lists(st.lists(st.integers(0, 1000), max_size=20), min_size=1, max_size=4))
def test_no_event_is_lost_or_doubled_and_time_never_goes_back(files: list[list[int]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        paths = [log(Path(folder), f"f{number}", *seconds) for number, seconds in enumerate(files)]
        whole = history(*paths)
        found = list(whole.events())
    times = [each.occurred_at for each in found]
    assert times == sorted(times)
    assert len({each.event.message_id for each in found}) == len(found) == sum(map(len, files))
    assert whole.findings.late == 0


def test_events_written_as_lines_are_read_back_the_same(tmp_path: Path) -> None:
    event = posted("你好 😀", START, message="m1", mentions=("bob",))
    path = write(tmp_path, "a.jsonl", write_line(event.data, event.occurred_at, "/simulator"))
    (found,) = parsed(items(path, "events"))
    assert found == (event.data, event.occurred_at)


def test_events_of_another_community_or_of_no_chat_are_bad_lines(tmp_path: Path) -> None:
    other = posted("hi", START, community="other")
    lines = [
        write_line(other.data, START, "/simulator"),
        write_line(other.data, START, "/simulator").replace("message.posted", "points.awarded"),
        "{}\n",
        '{"data": 7}\n',
    ]
    found = items(write(tmp_path, "a.jsonl", "".join(lines)), "events")
    assert [each.number for each in bad(found)] == [1, 2, 3, 4]
    assert "other" in bad(found)[0].why
