"""Logging: one JSON object a line on stdout, with an `action` to search for and never a message's text."""

import asyncio
import json
import logging
import sys
from datetime import date, time, timedelta
from enum import Enum
from pathlib import PurePath
from types import TracebackType
from typing import Any, TextIO
from uuid import UUID

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from shared.observability.failures import describe, trace

TEXT_CHARACTERS_MAX = 2_000
OURS = ("shared", "services", "connectors", "tools", "deploy")
"""Packages that log at the configured level; all others only warnings and worse."""
FIRST = ("timestamp", "level", "service", "action", "message")
_SPEAKS_FOR_ITSELF = (str, int, float, bool, type(None))


def configure(service: str, level: str = "INFO", stream: TextIO | None = None) -> None:
    """Send every log record of this process, ours and the libraries', to one stream as JSON lines."""
    handler = logging.StreamHandler(stream or sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*_read_record(), structlog.stdlib.ExtraAdder()],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _Named(service),
                _explain,
                _limit,
                structlog.processors.EventRenamer("message"),
                _arrange,
                structlog.processors.JSONRenderer(default=_plain, ensure_ascii=True, serializer=json.dumps),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(max(logging.WARNING, logging.getLevelName(level)))
    for name in OURS:
        logging.getLogger(name).setLevel(level)
    logging.captureWarnings(True)
    sys.excepthook = _log_crash
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_read_record(),
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def watch_tasks(loop: asyncio.AbstractEventLoop) -> None:
    """Log what nobody awaited; asyncio's own line would quote the exception and with it what it choked on."""
    loop.set_exception_handler(_log_lost_error)


def _read_record() -> list[Processor]:
    return [
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]


class _Named:
    """Every line says which service speaks and what it does."""

    def __init__(self, service: str) -> None:
        self._service = service

    def __call__(self, logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
        event["service"] = self._service
        event.setdefault("action", "library_log")
        event.pop("color_message", None)
        return event


def _explain(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Replace an exception by its description and its places in the code."""
    caught = event.pop("exc_info", None)
    if caught is True:
        caught = sys.exc_info()
    error = caught[1] if isinstance(caught, tuple) else caught
    if isinstance(error, BaseException):
        event["error"] = describe(error)
        event["trace"] = trace(error)
    return event


def _limit(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    for key, value in event.items():
        if isinstance(value, str) and len(value) > TEXT_CHARACTERS_MAX:
            event[key] = value[:TEXT_CHARACTERS_MAX] + "…"
    return event


def _arrange(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """What every line has comes first."""
    return {**{key: event[key] for key in FIRST if key in event}, **event}


def _plain(value: object) -> Any:
    """What JSON does not know: times and ids in their usual form, of all else only the class."""
    if isinstance(value, BaseException):
        return describe(value)
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value if isinstance(value.value, _SPEAKS_FOR_ITSELF) else value.name
    if isinstance(value, UUID | PurePath | timedelta):
        return str(value)
    if isinstance(value, set | frozenset):
        return sorted(value, key=str)
    return f"<{type(value).__name__}>"


def _log_lost_error(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    error, said = context.get("exception"), context.get("message", "")
    log = logging.getLogger(__name__)
    if error is None:
        log.warning("the event loop complains", extra={"action": "loop_complaint", "said": said})
        return
    extra = {"action": "task_failed", "said": said}
    log.error("a background task failed and nobody waited for it", exc_info=error, extra=extra)


def _log_crash(kind: type[BaseException], error: BaseException, where: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, where)
        return
    logging.getLogger(__name__).critical(
        "the process ends with an error that nobody handled", exc_info=error, extra={"action": "crashed"}
    )
