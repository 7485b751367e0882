"""Records that can never be applied, set aside with their reason so that their neighbours go on."""

import json
from collections.abc import Sequence

from shared.engine.record import Dead, Raw
from shared.postgres.connection import Connection

SET_ASIDE = """
    INSERT INTO dead_letter
        (consumer_group, topic, partition, "offset", event_id, reason, detail, headers, key, value)
    SELECT $1, * FROM unnest($2::text[], $3::int[], $4::bigint[], $5::uuid[], $6::text[], $7::text[],
                             $8::jsonb[], $9::bytea[], $10::bytea[])
    ON CONFLICT (consumer_group, topic, partition, "offset") DO UPDATE SET
        attempts = dead_letter.attempts + 1, reason = excluded.reason, detail = excluded.detail,
        status = 'dead'
"""


async def set_aside(connection: Connection, group: str, dead: Sequence[Dead]) -> None:
    """Write dead letters, once per place in the log."""
    if not dead:
        return
    rows = sorted(dead, key=lambda each: (each.record.topic, each.record.partition, each.record.offset))
    await connection.execute(
        SET_ASIDE,
        group,
        [each.record.topic for each in rows],
        [each.record.partition for each in rows],
        [each.record.offset for each in rows],
        [each.event_id for each in rows],
        [each.reason for each in rows],
        [_storable(each.detail) for each in rows],
        [_headers(each.record) for each in rows],
        [each.record.key for each in rows],
        [each.record.value for each in rows],
    )


def _headers(record: Raw) -> str:
    pairs = [(_storable(name), (value or b"").decode("latin-1")) for name, value in record.headers or ()]
    return json.dumps(pairs).replace("\\u0000", "\\ufffd")


def _storable(text: str) -> str:
    return text.encode("utf-8", "replace").decode().replace("\x00", "\N{REPLACEMENT CHARACTER}")
