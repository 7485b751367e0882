"""What reaches the log: one JSON line a record, and nothing that a member wrote."""

import asyncio
import io
import json
import logging
import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest
import structlog
from aiokafka.errors import KafkaConnectionError
from pydantic import BaseModel

from shared.observability import logs
from shared.observability.failures import CAUSES_MAX, describe

CANARY = "小明的悄悄话"

Lines = Callable[[], list[dict[str, Any]]]


class Note(BaseModel):
    text: int


@dataclass
class Whisper:
    text: str


@pytest.fixture
def lines() -> Iterator[Lines]:
    """Configured logging into a stream; gives the parsed lines."""
    root = logging.getLogger()
    before = (root.handlers, root.level, sys.excepthook, structlog.get_config())
    levels = {name: logging.getLogger(name).level for name in logs.OURS}
    stream = io.StringIO()
    logs.configure("tea", "INFO", stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().split("\n") if line]
    root.handlers, sys.excepthook = before[0], before[2]
    root.setLevel(before[1])
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)
    logging.captureWarnings(False)
    structlog.configure(**before[3])


def test_a_record_is_one_line_with_service_action_level_and_time(lines: Lines) -> None:
    structlog.stdlib.get_logger("services.tea").info("a cup is full", action="cup_filled", partition=3)
    (line,) = lines()
    assert tuple(line)[: len(logs.FIRST)] == logs.FIRST
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "message": "a cup is full",
        "action": "cup_filled",
        "partition": 3,
        "service": "tea",
        "level": "info",
        "logger": "services.tea",
    }


def test_libraries_log_in_the_same_form_from_warning_on(lines: Lines) -> None:
    logging.getLogger("aiokafka.consumer").info("fetched")
    logging.getLogger("uvicorn.error").warning("lost %s", "it", extra={"color_message": "x"})
    (line,) = lines()
    assert (line["message"], line["action"], line["logger"]) == ("lost it", "library_log", "uvicorn.error")
    assert "color_message" not in line


def test_our_debug_lines_need_the_level(lines: Lines) -> None:
    structlog.stdlib.get_logger("shared.engine").debug("x", action="y")
    logging.getLogger("shared.engine").debug("x")
    assert lines() == []


@pytest.mark.parametrize("evil", ["a\nb", "a\r\n{}", "\u2028x", "\x1b[31mred", "\ud800", "\x00"])
def test_no_value_can_begin_a_line_of_its_own_or_speak_to_a_terminal(lines: Lines, evil: str) -> None:
    structlog.stdlib.get_logger("services.tea").info("x", action="x", member_id=evil)
    logging.getLogger("aiokafka").warning(evil)
    first, second = lines()
    assert first["member_id"] == evil
    assert second["message"] == evil


def test_the_stream_itself_holds_only_printable_ascii() -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    root = logging.getLogger()
    before = root.handlers, root.level, sys.excepthook, structlog.get_config()
    logs.configure("tea", "INFO", stream)
    logging.getLogger("aiokafka").warning("a\nb\x1b\u2028\ud800\x7f")
    root.handlers, sys.excepthook = before[0], before[2]
    root.setLevel(before[1])
    structlog.configure(**before[3])
    logging.captureWarnings(False)
    handler.close()
    text = stream.getvalue()
    assert text.endswith("\n")
    assert all(" " <= character <= "~" for character in text[:-1])


def test_a_long_value_is_cut(lines: Lines) -> None:
    structlog.stdlib.get_logger("services.tea").info("x", action="x", member_id="m" * 100_000)
    assert len(lines()[0]["member_id"]) == logs.TEXT_CHARACTERS_MAX + 1


def test_an_object_is_named_by_its_class_and_not_by_its_content(lines: Lines) -> None:
    structlog.stdlib.get_logger("services.tea").info(
        "x", action="x", said=Whisper(CANARY), deep=[Whisper(CANARY)], at=datetime(2024, 3, 5, tzinfo=UTC)
    )
    (line,) = lines()
    assert line["said"] == "<Whisper>"
    assert line["deep"] == ["<Whisper>"]
    assert line["at"] == "2024-03-05T00:00:00+00:00"


def failing_validation() -> None:
    Note.model_validate({"text": CANARY})


def failing_lookup() -> None:
    dict[str, int]()[CANARY]


def failing_conversion() -> None:
    int(CANARY)


def failing_row() -> None:
    error = asyncpg.UniqueViolationError("duplicate key value violates unique constraint")
    error.detail = f"Key (text)=({CANARY}) already exists."
    error.constraint_name, error.table_name = "one_cup", "cup"
    raise error


def failing_value() -> None:
    raise asyncpg.InvalidTextRepresentationError(f"invalid input syntax for type integer: {CANARY!r}")


@pytest.mark.parametrize(
    ("fail", "says"),
    [
        (failing_validation, "ValidationError: Note: text int_parsing"),
        (failing_lookup, "KeyError"),
        (failing_conversion, "ValueError"),
        (failing_row, "UniqueViolationError [23505] cup one_cup: duplicate key"),
        (failing_value, "InvalidTextRepresentationError [22P02]"),
    ],
)
def test_an_error_is_explained_without_what_it_choked_on(
    lines: Lines, fail: Callable[[], None], says: str
) -> None:
    for name in ("services.tea", "aiokafka"):
        try:
            fail()
        except Exception:
            logging.getLogger(name).exception("failed")
            structlog.stdlib.get_logger(name).exception("failed", action="failed")
    written = lines()
    assert len(written) == 4
    for line in written:
        assert line["error"].startswith(says)
        assert line["trace"][-1].endswith(("fail", fail.__name__)) or "pydantic" in line["trace"][-1]
        assert CANARY not in json.dumps(line, ensure_ascii=False)


def test_causes_are_told_up_to_a_limit() -> None:
    error: Exception = ConnectionRefusedError(111, "refused")
    for _ in range(10):
        outer = RuntimeError(CANARY)
        outer.__cause__ = error
        error = outer
    assert describe(error) == " <- ".join(["RuntimeError"] * CAUSES_MAX)


async def test_what_the_event_loop_complains_of_is_no_failed_task(lines: Lines) -> None:
    loop = asyncio.get_running_loop()
    before = loop.get_exception_handler()
    logs.watch_tasks(loop)
    loop.call_exception_handler({"message": "Unclosed producer", "producer": CANARY})
    loop.set_exception_handler(before)
    (line,) = lines()
    assert (line["action"], line["said"]) == ("loop_complaint", "Unclosed producer")
    assert CANARY not in json.dumps(line, ensure_ascii=False)


def test_what_machines_say_is_kept() -> None:
    kafka = KafkaConnectionError("no answer from kafka:9092")
    assert describe(kafka) == "KafkaConnectionError: no answer from kafka:9092"
    assert describe(ConnectionRefusedError(111, "refused")) == "ConnectionRefusedError: [Errno 111] refused"


async def test_a_lost_task_is_logged_without_its_text(lines: Lines) -> None:
    loop = asyncio.get_running_loop()
    before = loop.get_exception_handler()
    logs.watch_tasks(loop)
    error = ValueError(CANARY)
    loop.call_exception_handler(
        {"message": "Task exception was never retrieved", "exception": error, "task": CANARY}
    )
    loop.set_exception_handler(before)
    (line,) = lines()
    assert (line["action"], line["error"]) == ("task_failed", "ValueError")
    assert CANARY not in json.dumps(line, ensure_ascii=False)


def test_a_crash_is_one_line_too(lines: Lines) -> None:
    try:
        failing_conversion()
    except ValueError as error:
        sys.excepthook(ValueError, error, error.__traceback__)
    (line,) = lines()
    assert (line["action"], line["level"], line["error"]) == ("crashed", "critical", "ValueError")


def test_warnings_are_logged(lines: Lines) -> None:
    warnings.warn("old", UserWarning, stacklevel=1)
    assert lines()[0]["logger"] == "py.warnings"
