"""What is usual in channels: counts of days that ended, and what was learned of them."""

import json
import struct
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import asyncpg

from services.engagement.domain.baseline import Baseline
from services.engagement.domain.choices import Choices
from services.engagement.domain.pulse import Pulse
from services.engagement.domain.silence import Pauses
from services.engagement.store.channels import pulse_of
from services.engagement.store.columns import columns_of
from shared.postgres.connection import Connection, Pool

HOURS_BETWEEN = """
    SELECT h.hour_at, h.channel_id, h.messages FROM channel_hour h
    WHERE h.community_id = $1 AND h.hour_at >= $2 AND h.hour_at < $3
"""
FORGET_HOURS = "DELETE FROM channel_hour WHERE community_id = $1 AND hour_at < $2"
LOAD_BASELINES = """
    SELECT p.channel_id, b.level, b.weight, b.days, b.counts, b.exposure, p.pulse, p.look_at
    FROM channel_pulse p LEFT JOIN channel_baseline b USING (community_id, channel_id)
    WHERE p.community_id = $1 ORDER BY p.channel_id
"""
SAVE_BASELINES = """
    INSERT INTO channel_baseline (community_id, channel_id, level, weight, days, counts, exposure, rates)
    SELECT * FROM unnest($1::text[], $2::text[], $3::double precision[], $4::double precision[], $5::int[],
                         $6::bytea[], $7::bytea[], $8::bytea[])
    ON CONFLICT (community_id, channel_id) DO UPDATE SET
        level = excluded.level, weight = excluded.weight, days = excluded.days, counts = excluded.counts,
        exposure = excluded.exposure, rates = excluded.rates
"""
SAVE_WAITS = """
    UPDATE channel_pulse p SET pulse = jsonb_set(p.pulse, '{wait}', to_jsonb(t.wait))
    FROM unnest($2::text[], $3::double precision[]) AS t (channel_id, wait)
    WHERE p.community_id = $1 AND p.channel_id = t.channel_id AND p.pulse -> 'wait' <> to_jsonb(t.wait)
"""
SAVE_PAUSES = "UPDATE community_pulse SET pauses = $2::jsonb WHERE community_id = $1"
DUE_LOOKS = """
    SELECT p.community_id, p.channel_id, p.look_at, p.pulse, b.days, b.rates, c.pauses, chosen.choices,
           ARRAY(SELECT s.opened_at FROM cold_spell s
                 WHERE s.community_id = p.community_id AND s.channel_id = p.channel_id
                   AND s.opened_at > due.now - interval '7 days' AND s.outcome <> 'skipped'
                 ORDER BY s.opened_at) AS spent,
           others.look_at AS others
    FROM unnest($1::text[], $2::timestamptz[]) AS due (community_id, now)
    CROSS JOIN LATERAL (SELECT min(o.look_at) AS look_at FROM channel_pulse o
                        WHERE o.community_id = due.community_id AND o.look_at > due.now) AS others
    JOIN channel_pulse p ON p.community_id = due.community_id AND p.look_at <= due.now
    JOIN community_pulse c ON c.community_id = due.community_id
    LEFT JOIN community_choice chosen ON chosen.community_id = due.community_id
    LEFT JOIN channel_baseline b ON b.community_id = p.community_id AND b.channel_id = p.channel_id
    ORDER BY p.community_id, p.channel_id FOR UPDATE OF p
"""
LOOKS_AHEAD = """
    SELECT p.community_id, p.channel_id, p.look_at, p.pulse, b.days, b.rates, c.pauses, chosen.choices,
           ARRAY(SELECT s.opened_at FROM cold_spell s
                 WHERE s.community_id = p.community_id AND s.channel_id = p.channel_id
                   AND s.opened_at > ahead.since - interval '7 days' AND s.outcome <> 'skipped'
                 ORDER BY s.opened_at) AS spent,
           others.look_at AS others
    FROM unnest($1::text[], $2::timestamptz[], $3::timestamptz[]) AS ahead (community_id, since, until)
    CROSS JOIN LATERAL (SELECT min(o.look_at) AS look_at FROM channel_pulse o
                        WHERE o.community_id = ahead.community_id AND o.look_at > ahead.until) AS others
    JOIN channel_pulse p ON p.community_id = ahead.community_id
                            AND (p.look_at <= ahead.until OR p.look_at IS NULL)
    JOIN community_pulse c ON c.community_id = ahead.community_id
    LEFT JOIN community_choice chosen ON chosen.community_id = ahead.community_id
    LEFT JOIN channel_baseline b ON b.community_id = p.community_id AND b.channel_id = p.channel_id
"""
BASELINES = """
    SELECT p.channel_id, p.last_at, p.look_at, b.days, b.rates, b.level / nullif(b.weight, 0) AS an_hour
    FROM channel_pulse p LEFT JOIN channel_baseline b USING (community_id, channel_id)
    WHERE p.community_id = $1 AND ($2::text IS NULL OR p.channel_id > $2) ORDER BY p.channel_id LIMIT $3
"""
RATES = """
    SELECT community_id, channel_id, rates FROM channel_baseline
    JOIN unnest($1::text[], $2::text[]) AS wanted (community_id, channel_id) USING (community_id, channel_id)
"""


class Learned(NamedTuple):
    """A channel as its baseline is learned."""

    baseline: Baseline
    pulse: Pulse


class Look(NamedTuple):
    """A channel whose silence is to be looked at."""

    community_id: str
    channel_id: str
    pulse: Pulse
    days: int
    rates: Sequence[float]
    pauses: Pauses
    choices: Choices
    spent: Sequence[datetime]
    """When the budget of warm-ups was drawn on in the last seven days, held-out spells among them."""
    others: datetime | None
    """When the next of the community's other channels is looked at."""


def packed(numbers: Sequence[float]) -> bytes:
    """As columns of baselines hold them: eight bytes each, big endian."""
    return struct.pack(f">{len(numbers)}d", *numbers)


def unpacked(column: bytes | None) -> tuple[float, ...]:
    """The numbers; of a channel without a baseline none."""
    return struct.unpack(f">{len(column) // 8}d", column) if column else ()


async def hours_between(
    connection: Connection, community_id: str, begins: datetime, ends: datetime
) -> dict[str, dict[datetime, int]]:
    """By channel and start of the hour."""
    counts: dict[str, dict[datetime, int]] = {}
    for row in await connection.fetch(HOURS_BETWEEN, community_id, begins, ends):
        counts.setdefault(row["channel_id"], {})[row["hour_at"]] = row["messages"]
    return counts


async def forget_hours(connection: Connection, community_id: str, before: datetime) -> None:
    """Counts that were learned long ago."""
    await connection.execute(FORGET_HOURS, community_id, before)


async def load_learned(connection: Connection, community_id: str) -> dict[str, Learned]:
    """All channels of a community; a channel that was never learned has an empty baseline."""
    rows = await connection.fetch(LOAD_BASELINES, community_id)
    return {
        row["channel_id"]: Learned(_baseline(row), pulse_of(row["pulse"], row["look_at"], 1)) for row in rows
    }


def _baseline(row: asyncpg.Record) -> Baseline:
    if row["level"] is None:
        return Baseline()
    counts, exposure = unpacked(row["counts"]), unpacked(row["exposure"])
    return Baseline(row["level"], row["weight"], row["days"], list(counts), list(exposure))


async def save_learned(
    connection: Connection,
    community_id: str,
    learned: Mapping[str, tuple[Baseline, Sequence[float], float]],
    pauses: tuple[Sequence[float], Sequence[float]],
) -> None:
    """By channel the baseline, its rates and the wait in minutes; and how the community's pauses end."""
    rows = [
        (community_id, name, each.level, each.weight, each.days, packed(each.counts),
         packed(each.exposure), packed(rates))
        for name, (each, rates, _) in sorted(learned.items())
    ]  # fmt: skip
    await connection.execute(SAVE_BASELINES, *columns_of(rows, 8))
    names = sorted(learned)
    await connection.execute(SAVE_WAITS, community_id, names, [learned[name][2] for name in names])
    await connection.execute(
        SAVE_PAUSES, community_id, json.dumps({"reached": list(pauses[0]), "resumed": list(pauses[1])})
    )


async def due_looks(connection: Connection, now: Mapping[str, datetime]) -> list[Look]:
    """By community and moment: the channels that are to be looked at by then, locked."""
    rows = await connection.fetch(DUE_LOOKS, *columns_of(sorted(now.items()), 2))
    return [_look(row, pulse_of(row["pulse"], row["look_at"], 1)) for row in rows]


async def looks_ahead(
    connection: Connection,
    spans: Mapping[str, tuple[datetime, datetime]],
    pulses: Mapping[tuple[str, str], Pulse],
) -> list[Look]:
    """By community: the channels that may be looked at in a span, with the pulses that are loaded."""
    rows = await connection.fetch(
        LOOKS_AHEAD, *columns_of(((name, *span) for name, span in sorted(spans.items())), 3)
    )
    known = {(row["community_id"], row["channel_id"]): row for row in rows}
    return [
        _look(row, pulses.get(key) or pulse_of(row["pulse"], row["look_at"], 1)) for key, row in known.items()
    ]


def _look(row: asyncpg.Record, pulse: Pulse) -> Look:
    every = json.loads(row["pauses"]) or {"reached": pulse.reached, "resumed": pulse.resumed}
    pauses = Pauses(pulse.reached, pulse.resumed, every["reached"], every["resumed"])
    chosen = Choices().changed(json.loads(row["choices"])) if row["choices"] else Choices()
    return Look(
        row["community_id"], row["channel_id"], pulse, row["days"] or 0, unpacked(row["rates"]), pauses,
        chosen, row["spent"], row["others"],
    )  # fmt: skip


async def baselines(
    reader: Connection | Pool, community_id: str, after: str | None, rows: int
) -> list[asyncpg.Record]:
    """Channels with their rates, by id."""
    return await reader.fetch(BASELINES, community_id, after, rows)


async def load_rates(
    connection: Connection, keys: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], Sequence[float]]:
    """Usual messages an hour by hour of week, of channels that were learned."""
    rows = await connection.fetch(RATES, *columns_of(keys, 2))
    return {(row["community_id"], row["channel_id"]): unpacked(row["rates"]) for row in rows}
