"""A lane: partition n of every topic, owned by one process at a time; its claim, its fence and its place.

All topics have the same partitions and the group assigns ranges, so one process holds the same number of
every topic, and with it every community that hashes there. The row's epoch is the fence.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from shared.engine.community import Community, load_communities, unknown
from shared.engine.errors import Fenced
from shared.engine.settings import EngineSettings
from shared.engine.watermark import Mark, Place, load_watermarks
from shared.postgres.connection import Connection

CLAIM_LANES = """
    INSERT INTO lane (consumer_group, partition, owner)
    SELECT $1, partition, $3 FROM unnest($2::int[]) AS partition ORDER BY partition
    ON CONFLICT (consumer_group, partition) DO UPDATE SET
        epoch = lane.epoch + 1,
        crash_count = lane.crash_count + (lane.owner IS NOT NULL AND lane.owner <> excluded.owner)::int,
        owner = excluded.owner, updated_at = clock_timestamp()
    RETURNING partition, epoch, clock, outbox_seq, crash_count
"""
# Before the claim: another owner that died while it tried something has left `suspect_topic` behind.
BLAME = """
    WITH former AS (
        SELECT partition, suspect_topic FROM lane
        WHERE consumer_group = $1 AND partition = ANY($2::int[]) AND owner <> $3 AND suspect_topic IS NOT NULL
        ORDER BY partition FOR UPDATE
    ), told AS (
        UPDATE lane SET suspect_topic = NULL FROM former
        WHERE lane.consumer_group = $1 AND lane.partition = former.partition
    )
    UPDATE lane_offset SET suspect_deaths = suspect_deaths + 1 FROM former
    WHERE consumer_group = $1 AND lane_offset.partition = former.partition AND topic = former.suspect_topic
"""
LOAD_OFFSETS = """
    SELECT topic, partition, next_offset, suspect_from, suspect_until, suspect_deaths FROM lane_offset
    WHERE consumer_group = $1 AND partition = ANY($2::int[])
"""
# The fence, the clock, the outbox counter and every count of the batch, in one statement.
ADVANCE_LANES = """
    WITH lanes AS (
        UPDATE lane SET clock = greatest(lane.clock, mine.clock), outbox_seq = mine.seq, crash_count = 0,
                        suspect_topic = NULL, updated_at = clock_timestamp()
        FROM unnest($2::int[], $3::bigint[], $4::bigint[], $5::bigint[], $6::timestamptz[])
             AS mine (partition, epoch, seq_before, seq, clock)
        WHERE lane.consumer_group = $1 AND lane.partition = mine.partition AND lane.epoch = mine.epoch
          AND lane.outbox_seq = mine.seq_before
        RETURNING lane.partition
    ), offsets AS (
        INSERT INTO lane_offset AS known (consumer_group, topic, partition, first_offset, next_offset,
                                          applied, duplicates, dead_lettered, skipped)
        SELECT $1, mine.*
        FROM unnest($7::text[], $8::int[], $9::bigint[], $10::bigint[],
                    $11::bigint[], $12::bigint[], $13::bigint[], $14::bigint[])
             AS mine (topic, partition, first_offset, next_offset,
                      applied, duplicates, dead_lettered, skipped)
        ORDER BY topic, partition
        ON CONFLICT (consumer_group, topic, partition) DO UPDATE SET
            next_offset = excluded.next_offset,
            applied = known.applied + excluded.applied,
            duplicates = known.duplicates + excluded.duplicates,
            dead_lettered = known.dead_lettered + excluded.dead_lettered,
            skipped = known.skipped + excluded.skipped,
            suspect_from = NULL
        WHERE known.next_offset = excluded.first_offset
        RETURNING topic
    )
    SELECT (SELECT coalesce(array_agg(partition), '{}') FROM lanes) AS lanes,
           (SELECT count(*) FROM offsets) AS offsets
"""
RELEASE_LANES = """
    UPDATE lane SET owner = NULL, suspect_topic = NULL, updated_at = clock_timestamp()
    FROM unnest($2::int[], $3::bigint[]) AS mine (partition, epoch)
    WHERE consumer_group = $1 AND lane.partition = mine.partition AND lane.epoch = mine.epoch
"""
SUSPECT_RECORDS = """
    WITH held AS (
        UPDATE lane SET suspect_topic = $4, updated_at = clock_timestamp()
        WHERE consumer_group = $1 AND partition = $2 AND epoch = $3
        RETURNING partition
    )
    INSERT INTO lane_offset AS known (consumer_group, topic, partition, first_offset, next_offset,
                                      suspect_from, suspect_until)
    SELECT $1, $4, partition, $5, $5, $5, $6 FROM held
    ON CONFLICT (consumer_group, topic, partition) DO UPDATE SET
        suspect_from = excluded.suspect_from, suspect_until = excluded.suspect_until,
        suspect_deaths = CASE WHEN (known.suspect_from, known.suspect_until)
                                   = (excluded.suspect_from, excluded.suspect_until)
                         THEN known.suspect_deaths ELSE 0 END
    RETURNING partition
"""


@dataclass(frozen=True, slots=True)
class Suspect:
    """Records that are tried by themselves: offsets `start` to before `end` of a topic."""

    topic: str
    start: int
    end: int
    deaths: int = 0
    """Owners that died while they tried exactly these."""


@dataclass(slots=True)
class Lane:
    """What the owner of a lane knows of it between transactions; true while the fence holds."""

    partition: int
    epoch: int
    outbox_seq: int
    clock: datetime | None
    crash_count: int = 0
    suspects: dict[str, Suspect] = field(default_factory=dict)
    """By topic: what was being tried when an owner died."""
    careful_left: int = 0
    """Records still to be taken in small steps after an unclean death."""
    alone_left: int = 0
    """Of these, records still to be taken one by one."""
    next_offset: dict[str, int] = field(default_factory=dict)
    communities: dict[str, Community] = field(default_factory=dict)
    marks: dict[Place, Mark] = field(default_factory=dict)
    announced_at: float = 0.0
    """Process time of the last progress record."""
    unannounced: set[str] = field(default_factory=set)
    """Communities on event clock that moved on since then."""

    def community(self, community_id: str) -> Community:
        """The community, or the defaults where no profile was received."""
        return self.communities.get(community_id) or unknown(community_id)


@dataclass(slots=True)
class Tally:
    """What became of a run of records of one topic and partition."""

    topic: str
    partition: int
    first_offset: int
    next_offset: int
    applied: int = 0
    duplicates: int = 0
    dead_lettered: int = 0
    skipped: int = 0


async def claim_lanes(
    connection: Connection, group: str, partitions: Sequence[int], owner: str, settings: EngineSettings
) -> list[Lane]:
    """Take lanes over: whoever held them is fenced from here on. Loads what their batches need."""
    wanted = sorted(partitions)
    lanes = {}
    await connection.execute(BLAME, group, wanted, owner)
    for row in await connection.fetch(CLAIM_LANES, group, wanted, owner):
        lane = Lane(row["partition"], row["epoch"], row["outbox_seq"], row["clock"], row["crash_count"])
        if lane.crash_count:
            lane.careful_left, lane.alone_left = settings.max_records, settings.alone_records
        lanes[lane.partition] = lane
    for row in await connection.fetch(LOAD_OFFSETS, group, wanted):
        lane, topic = lanes[row["partition"]], row["topic"]
        lane.next_offset[topic] = row["next_offset"]
        if row["suspect_from"] is not None:
            lane.suspects[topic] = Suspect(
                topic, row["suspect_from"], row["suspect_until"], row["suspect_deaths"]
            )
    for partition, community in await load_communities(connection, wanted):
        lanes[partition].communities[community.profile.community_id] = community
    for place, mark in (await load_watermarks(connection, wanted)).items():
        lanes[place[1]].marks[place] = mark
    return [lanes[partition] for partition in wanted]


async def advance_lanes(
    connection: Connection,
    group: str,
    lanes: Sequence[tuple[Lane, int, datetime | None]],
    tallies: Sequence[Tally],
) -> None:
    """Move fence rows (lane, rows added to its outbox, clock) and offsets on. Raises `Fenced`."""
    row = await connection.fetchrow(
        ADVANCE_LANES,
        group,
        [lane.partition for lane, _, _ in lanes],
        [lane.epoch for lane, _, _ in lanes],
        [lane.outbox_seq for lane, _, _ in lanes],
        [lane.outbox_seq + added for lane, added, _ in lanes],
        [clock for _, _, clock in lanes],
        [tally.topic for tally in tallies],
        [tally.partition for tally in tallies],
        [tally.first_offset for tally in tallies],
        [tally.next_offset for tally in tallies],
        [tally.applied for tally in tallies],
        [tally.duplicates for tally in tallies],
        [tally.dead_lettered for tally in tallies],
        [tally.skipped for tally in tallies],
    )
    assert row is not None
    lost = {lane.partition for lane, _, _ in lanes} - set(row["lanes"])
    if lost:
        raise Fenced(frozenset(lost))
    if row["offsets"] != len(tallies):
        raise Fenced(frozenset(lane.partition for lane, _, _ in lanes))


async def release_lanes(connection: Connection, group: str, lanes: Sequence[Lane]) -> None:
    """Give lanes back cleanly, so that the next owner does not take this for a crash."""
    await connection.execute(
        RELEASE_LANES, group, [lane.partition for lane in lanes], [lane.epoch for lane in lanes]
    )


async def suspect_records(connection: Connection, group: str, lane: Lane, suspect: Suspect) -> None:
    """Note, before they are tried, which records would be to blame. Raises `Fenced`."""
    held = await connection.fetchval(
        SUSPECT_RECORDS, group, lane.partition, lane.epoch, suspect.topic, suspect.start, suspect.end
    )
    if held is None:
        raise Fenced(frozenset({lane.partition}))
