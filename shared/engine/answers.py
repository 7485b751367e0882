"""Answers to requests that carry a key: kept in the transaction of what they did, so a repeat does nothing.

Two with the same key at once: the second waits at the key until the first commits, and then finds its answer.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import NamedTuple

from shared.engine.work import UnitOfWork

KEPT = timedelta(hours=24)
FORGOTTEN_AT_ONCE = 500
FORGETS_ONE_IN = 16
"""So many requests for one that deletes what is kept too long."""

FORGET_ANSWERS = """
    DELETE FROM request_answer WHERE (actor, key) IN (
        SELECT actor, key FROM request_answer WHERE answered_at < $1
        ORDER BY answered_at LIMIT $2 FOR UPDATE SKIP LOCKED
    )
"""
# A key whose answer is kept too long is taken like a new one.
TAKE_KEYS = """
    INSERT INTO request_answer AS kept (actor, key, digest, answered_at)
    SELECT actor, key, digest, $4
    FROM unnest($1::text[], $2::text[], $3::bytea[]) AS asked (actor, key, digest) ORDER BY actor, key
    ON CONFLICT (actor, key) DO UPDATE SET
        digest = excluded.digest, answered_at = excluded.answered_at, status = NULL, body = NULL
    WHERE kept.answered_at < $5
    RETURNING actor, key
"""
FIND_ANSWERS = """
    SELECT kept.actor, kept.key, kept.digest, kept.status, kept.body
    FROM unnest($1::text[], $2::text[]) AS asked (actor, key)
    CROSS JOIN LATERAL (
        SELECT * FROM request_answer a WHERE a.actor = asked.actor AND a.key = asked.key OFFSET 0
    ) AS kept
"""
KEEP_ANSWERS = """
    UPDATE request_answer SET status = made.status, body = made.body
    FROM unnest($1::text[], $2::text[], $3::int[], $4::text[]) AS made (actor, key, status, body)
    WHERE request_answer.actor = made.actor AND request_answer.key = made.key
"""
GIVE_BACK_KEYS = """
    DELETE FROM request_answer USING unnest($1::text[], $2::text[]) AS refused (actor, key)
    WHERE request_answer.actor = refused.actor AND request_answer.key = refused.key
"""

Name = tuple[str, str]
"""actor, key."""


class Answer(NamedTuple):
    """What was answered."""

    status: int
    body: str


class OtherRequest(Exception):
    """The key was used for a request that asked for something else."""


async def earlier_answers(work: UnitOfWork, asked: Mapping[Name, bytes]) -> dict[Name, Answer | OtherRequest]:
    """What of these requests was answered before, by their digests; the keys of all others are taken."""
    if not asked:
        return {}
    rows = sorted(asked.items())
    if rows[0][1][0] % FORGETS_ONE_IN == 0:
        await work.connection.execute(FORGET_ANSWERS, work.now - KEPT, FORGOTTEN_AT_ONCE)
    actors, keys = [name[0] for name, _ in rows], [name[1] for name, _ in rows]
    digests = [digest for _, digest in rows]
    taken = await work.connection.fetch(TAKE_KEYS, actors, keys, digests, work.now, work.now - KEPT)
    others = asked.keys() - {(row[0], row[1]) for row in taken}
    return await _found(work, asked, sorted(others)) if others else {}


async def _found(
    work: UnitOfWork, asked: Mapping[Name, bytes], names: Sequence[Name]
) -> dict[Name, Answer | OtherRequest]:
    rows = await work.connection.fetch(FIND_ANSWERS, *map(list, zip(*names, strict=True)))
    known = {(row["actor"], row["key"]): row for row in rows}
    found: dict[Name, Answer | OtherRequest] = {}
    for name in names:
        row = known.get(name)
        same = row is not None and row["digest"] == asked[name]
        found[name] = Answer(row["status"], row["body"]) if row is not None and same else OtherRequest()
    return found


async def keep_answers(
    work: UnitOfWork, answers: Mapping[Name, Answer], refused: Collection[Name] = ()
) -> None:
    """Note what the taken keys' requests are answered; a refusal is not kept, its key is free again."""
    if answers:
        rows = [(*name, *answers[name]) for name in sorted(answers)]
        await work.connection.execute(KEEP_ANSWERS, *map(list, zip(*rows, strict=True)))
    if refused:
        await work.connection.execute(GIVE_BACK_KEYS, *map(list, zip(*sorted(refused), strict=True)))


async def earlier_answer(work: UnitOfWork, actor: str, key: str, digest: bytes) -> Answer | None:
    """What this request was answered before, or None after taking the key. Raises `OtherRequest`."""
    found = (await earlier_answers(work, {(actor, key): digest})).get((actor, key))
    if isinstance(found, OtherRequest):
        raise found
    return found


async def keep_answer(work: UnitOfWork, actor: str, key: str, answer: Answer) -> None:
    """Note what the taken key's request is answered."""
    await keep_answers(work, {(actor, key): answer})
