"""Texts for content analysis: kept a while, read once, told as words by day."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from services.reporting.domain.periods import Span
from services.reporting.store.columns import columns_of
from shared.postgres.connection import Connection

DROP_TEXTS = """
    DELETE FROM message_text USING unnest($1::text[], $2::text[]) AS gone (community_id, message_id)
    WHERE message_text.community_id = gone.community_id AND message_text.message_id = gone.message_id
"""
UNREAD = """
    SELECT number, local_date, text FROM message_text
    WHERE community_id = $1
      AND number > coalesce((SELECT read_up_to FROM text_reading WHERE community_id = $1), 0)
    ORDER BY number LIMIT $2
"""
NOTE_READ = """
    INSERT INTO text_reading (community_id, read_up_to) VALUES ($1, $2)
    ON CONFLICT (community_id) DO UPDATE SET read_up_to = excluded.read_up_to
"""
ADD_WORDS = """
    INSERT INTO word_day AS known (community_id, local_date, kind, word, messages)
    SELECT * FROM unnest($1::text[], $2::date[], $3::text[], $4::text[], $5::int[])
    ON CONFLICT (community_id, local_date, kind, word) DO UPDATE SET
        messages = known.messages + excluded.messages
"""
FORGET_OLD = "DELETE FROM message_text WHERE community_id = $1 AND local_date < $2"
HAS_TEXTS = "SELECT EXISTS (SELECT FROM message_text WHERE community_id = $1)"
WORDS = """
    SELECT word, sum(messages)::int AS messages FROM word_day
    WHERE community_id = $1 AND local_date BETWEEN $2 AND $3 AND kind = $4
    GROUP BY word ORDER BY messages DESC, word LIMIT $5
"""
WORDS_BEFORE = """
    SELECT word, sum(messages)::int AS messages, count(DISTINCT local_date) AS days FROM word_day
    WHERE community_id = $1 AND local_date BETWEEN $2 AND $3 AND kind = 'word' AND word = ANY($4::text[])
    GROUP BY word
"""
DAYS_WITH_WORDS = """
    SELECT count(DISTINCT local_date) FROM word_day
    WHERE community_id = $1 AND local_date BETWEEN $2 AND $3 AND kind = 'word'
"""
SCHEDULE = """
    INSERT INTO scheduled (community_id, kind)
    SELECT * FROM unnest($1::text[], $2::text[]) ON CONFLICT DO NOTHING RETURNING community_id, kind
"""
UNSCHEDULE = "DELETE FROM scheduled WHERE community_id = $1 AND kind = $2"


class KeptText(NamedTuple):
    """The beginning of a message."""

    community_id: str
    message_id: str
    local_date: date
    member_id: str
    text: str


class WordDay(NamedTuple):
    """How many messages of a day said something."""

    community_id: str
    local_date: date
    kind: str
    word: str
    messages: int


class Usual(NamedTuple):
    """How a word was used before: messages, and days on which it was among the words kept."""

    messages: int
    days: int


async def add_texts(connection: Connection, texts: Sequence[KeptText]) -> None:
    """Keep the beginnings of new messages."""
    await connection.copy_records_to_table("message_text", records=texts, columns=KeptText._fields)


async def drop_texts(connection: Connection, messages: Collection[tuple[str, str]]) -> None:
    """Forget the texts of deleted messages, by community and message."""
    await connection.execute(DROP_TEXTS, *columns_of(sorted(messages), 2))


async def unread(connection: Connection, community_id: str, limit: int) -> list[tuple[int, date, str]]:
    """Number, day and text of those not read yet, in order."""
    return [tuple(row) for row in await connection.fetch(UNREAD, community_id, limit)]


async def note_read(connection: Connection, community_id: str, number: int, words: Sequence[WordDay]) -> None:
    """Add the words of what was read up to a number."""
    await connection.execute(ADD_WORDS, *columns_of(sorted(words), 5))
    await connection.execute(NOTE_READ, community_id, number)


async def forget_old(connection: Connection, community_id: str, before: date) -> bool:
    """Delete texts of days before this one; returns whether any are left."""
    await connection.execute(FORGET_OLD, community_id, before)
    left: bool = await connection.fetchval(HAS_TEXTS, community_id)
    return left


async def words(
    connection: Connection, community_id: str, span: Span, kind: str, limit: int
) -> dict[str, int]:
    """The most said in a span: in how many messages each."""
    rows = await connection.fetch(WORDS, community_id, span.first, span.last, kind, limit)
    return {row["word"]: row["messages"] for row in rows}


async def words_before(
    connection: Connection, community_id: str, span: Span, wanted: Collection[str]
) -> tuple[Mapping[str, Usual], int]:
    """How these words were used in an earlier span, and how many of its days have words at all."""
    rows = await connection.fetch(WORDS_BEFORE, community_id, span.first, span.last, sorted(wanted))
    days: int = await connection.fetchval(DAYS_WITH_WORDS, community_id, span.first, span.last)
    return {row["word"]: Usual(row["messages"], row["days"]) for row in rows}, days


async def schedule(connection: Connection, wanted: Collection[tuple[str, str]]) -> list[tuple[str, str]]:
    """Note timers of communities as set; returns those that were not, by community and kind."""
    rows = await connection.fetch(SCHEDULE, *columns_of(sorted(wanted), 2))
    return [(row["community_id"], row["kind"]) for row in rows]


async def unschedule(connection: Connection, community_id: str, kind: str) -> None:
    """Note a timer as set no longer."""
    await connection.execute(UNSCHEDULE, community_id, kind)
