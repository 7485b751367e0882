"""Answers to requests that carry a key: kept in the transaction of what they did, so a repeat does nothing.

Two with the same key at once: the second waits at the key until the first commits, and then finds its answer.
"""

from datetime import timedelta
from typing import NamedTuple

from shared.engine.work import UnitOfWork

KEPT = timedelta(hours=24)
FORGOTTEN_AT_ONCE = 100

FORGET_ANSWERS = """
    DELETE FROM request_answer
    WHERE answered_at < $3
      AND ((actor = $1 AND key = $2)
           OR (actor, key) IN (SELECT actor, key FROM request_answer WHERE answered_at < $3
                               ORDER BY answered_at LIMIT $4 FOR UPDATE SKIP LOCKED))
"""
TAKE_KEY = """
    INSERT INTO request_answer (actor, key, digest, answered_at) VALUES ($1, $2, $3, $4)
    ON CONFLICT DO NOTHING
"""
FIND_ANSWER = "SELECT digest, status, body FROM request_answer WHERE actor = $1 AND key = $2"
KEEP_ANSWER = "UPDATE request_answer SET status = $3, body = $4 WHERE actor = $1 AND key = $2"


class Answer(NamedTuple):
    """What was answered."""

    status: int
    body: str


class OtherRequest(Exception):
    """The key was used for a request that asked for something else."""


async def earlier_answer(work: UnitOfWork, actor: str, key: str, digest: bytes) -> Answer | None:
    """What this request was answered before, or None after taking the key. Raises `OtherRequest`."""
    await work.connection.execute(FORGET_ANSWERS, actor, key, work.now - KEPT, FORGOTTEN_AT_ONCE)
    if await work.connection.execute(TAKE_KEY, actor, key, digest, work.now) == "INSERT 0 1":
        return None
    row = await work.connection.fetchrow(FIND_ANSWER, actor, key)
    if row is None or row["digest"] != digest:
        raise OtherRequest
    return Answer(row["status"], row["body"])


async def keep_answer(work: UnitOfWork, actor: str, key: str, answer: Answer) -> None:
    """Note what the taken key's request is answered."""
    await work.connection.execute(KEEP_ANSWER, actor, key, answer.status, answer.body)
