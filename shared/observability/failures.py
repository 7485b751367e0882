"""Says what went wrong without repeating a word that a member wrote or a secret that was configured."""

import traceback
from pathlib import Path

import asyncpg
from aiokafka.errors import KafkaError
from pydantic import ValidationError

FRAMES_MAX = 25
CAUSES_MAX = 4
_PROBLEMS_MAX = 5
_ROOT = Path(__file__).parents[2]
_OURS = ("shared.", "services.", "connectors.", "tools.", "deploy.")
_DATA_EXCEPTION = "22"


def describe(error: BaseException) -> str:
    """One line for an error and its causes: classes, codes and places; values only where they are harmless.

    An arbitrary exception's text may quote what it choked on, so only those known to speak of machines
    (sockets, Kafka, Postgres outside of data errors, our own) are quoted.
    """
    chain = [_describe_one(error)]
    cause = error.__cause__ or error.__context__
    while cause is not None and len(chain) < CAUSES_MAX:
        chain.append(_describe_one(cause))
        cause = cause.__cause__ or cause.__context__
    return " <- ".join(chain)


def trace(error: BaseException) -> list[str]:
    """Where it happened, innermost last: `file:line function`, at most 25."""
    frames = traceback.extract_tb(error.__traceback__)[-FRAMES_MAX:]
    return [f"{_short(frame.filename)}:{frame.lineno} {frame.name}" for frame in frames]


def _describe_one(error: BaseException) -> str:
    name = type(error).__name__
    if isinstance(error, ValidationError):
        return f"{name}: {_problems(error)}"
    if isinstance(error, asyncpg.PostgresError):
        return _describe_postgres(error)
    if isinstance(error, ExceptionGroup):
        return f"{name}: " + ", ".join(_describe_one(each) for each in error.exceptions[:_PROBLEMS_MAX])
    if isinstance(error, OSError | KafkaError) or type(error).__module__.startswith(_OURS):
        text = " ".join(str(error).split()).removeprefix(f"{name}: ")
        return f"{name}: {text}" if text else name
    return name


def _problems(error: ValidationError) -> str:
    problems = error.errors(include_input=False, include_context=False, include_url=False)
    named = [f"{'.'.join(map(str, each['loc']))} {each['type']}" for each in problems[:_PROBLEMS_MAX]]
    return f"{error.title}: " + ", ".join(named)


def _describe_postgres(error: asyncpg.PostgresError) -> str:
    state = error.sqlstate or ""
    about = [error.schema_name, error.table_name, error.constraint_name]
    where = "".join(f" {name}" for name in about if name)
    # the detail line quotes the row, and a data exception's message the value
    said = "" if state.startswith(_DATA_EXCEPTION) or not error.args else f": {error.args[0]}"
    return f"{type(error).__name__} [{state}]{where}{said}"


def _short(filename: str) -> str:
    path = Path(filename)
    if path.is_relative_to(_ROOT) and "site-packages" not in path.parts:
        return str(path.relative_to(_ROOT))
    return "/".join(path.parts[-2:])
