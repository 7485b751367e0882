"""What a community talks about in a span: keywords, rising and falling themes, brands, mood."""

from dataclasses import dataclass

from services.reporting.domain.periods import Span, days_before
from services.reporting.domain.report import WordRow
from services.reporting.domain.words import fallen, keywords
from services.reporting.store import texts as store
from shared.postgres.connection import Connection

PAST_DAYS = 90
"""A word is compared with so many days before the span."""
CANDIDATES = 500
SHOWN = 40


@dataclass(frozen=True, slots=True)
class Content:
    """What was said."""

    words: list[WordRow]
    """By weight: the most telling of the span."""
    falling: list[WordRow]
    mentions: list[WordRow]
    friendly: int
    unfriendly: int


async def read_content(connection: Connection, community_id: str, span: Span, before: Span) -> Content:
    """Of the days that were read for words; `before` is the span that the falling and brands compare with."""
    now = await store.words(connection, community_id, span, "word", CANDIDATES)
    usual, days = await store.words_before(connection, community_id, days_before(span, PAST_DAYS), now)
    known = {word: (row.messages, row.days) for word, row in usual.items()}
    told = keywords(now, known, days)[:SHOWN]
    compared, _ = await store.words_before(connection, community_id, before, [row.word for row in told])
    earlier = await store.words(connection, community_id, before, "word", CANDIDATES)
    since, _ = await store.words_before(connection, community_id, span, earlier)
    brands = await store.words(connection, community_id, span, "brand", SHOWN)
    brands_before = await store.words(connection, community_id, before, "brand", SHOWN)
    mood = await store.words(connection, community_id, span, "mood", SHOWN)
    nothing = store.Usual(0, 0)
    return Content(
        [row._replace(before=compared.get(row.word, nothing).messages) for row in told],
        fallen(earlier, {word: row.messages for word, row in since.items()})[:SHOWN],
        [WordRow(brand, count, brands_before.get(brand, 0), count) for brand, count in brands.items()],
        mood.get("friendly", 0),
        mood.get("unfriendly", 0),
    )
