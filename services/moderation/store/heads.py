"""What a community's rule book is made of, at which versions: one question for them all."""

from collections.abc import Collection
from typing import NamedTuple

from shared.postgres.connection import Connection

HEADS = """
    SELECT wanted.community_id,
           coalesce((SELECT max(p.version) FROM policy p WHERE p.community_id = wanted.community_id), 0),
           coalesce((SELECT max(w.version) FROM word_list w WHERE w.community_id = wanted.community_id), 0),
           coalesce((SELECT max(m.version) FROM classifier_model m
                     WHERE m.community_id = wanted.community_id), 0)
    FROM unnest($1::text[]) AS wanted (community_id)
"""


class Head(NamedTuple):
    """Versions; 0: nothing of its own."""

    policy: int
    words: int
    """The newest change of its word lists."""
    model: int


NOTHING_OWN = Head(0, 0, 0)


async def load_heads(connection: Connection, communities: Collection[str]) -> dict[str, Head]:
    """The newest versions of each community."""
    rows = await connection.fetch(HEADS, list(communities))
    return {community_id: Head(*versions) for community_id, *versions in rows}
