"""After an owner died without a farewell: go on in small, noted steps, to find a record that kills.

The first death costs nothing but caution: the next records are tried one by one, those behind them in steps
of a few, each noted before it is tried. A record that is alone in its note at two deaths is set aside. One
that was in a step when an owner died is tried alone from then on.
"""

from collections.abc import Iterator, Sequence

from shared.engine.lane import Lane, Suspect
from shared.engine.record import Dead, Decoded

DEATHS_ALONE = 2
"""One may be a coincidence: processes are killed for many reasons, and something is always being tried."""


def spare_the_suspects(lane: Lane, decoded: Sequence[Decoded]) -> list[Decoded]:
    """The records, with those at which owners died again and again turned into dead letters."""
    killers = {
        (each.topic, each.start)
        for each in lane.suspects.values()
        if each.end - each.start == 1 and each.deaths >= DEATHS_ALONE
    }
    if not killers:
        return list(decoded)
    return [
        Dead(each.record, "crashed_process", "processes died, one after the other, on this record alone")
        if (each.record.topic, each.record.offset) in killers
        else each
        for each in decoded
    ]


def careful_steps(
    lane: Lane, decoded: Sequence[Decoded], size: int
) -> Iterator[tuple[Suspect, list[Decoded]]]:
    """Cut a lane's records into steps of one topic each; one by one at first and inside a suspected range.

    Reads `alone_left` anew for each step.
    """
    start = 0
    while start < len(decoded):
        first = decoded[start].record
        end = start + 1
        if lane.alone_left <= 0 and not _is_suspect(lane, decoded[start]):
            while (
                end < len(decoded)
                and end - start < size
                and decoded[end].record.topic == first.topic
                and not _is_suspect(lane, decoded[end])
            ):
                end += 1
        step = list(decoded[start:end])
        yield Suspect(first.topic, first.offset, step[-1].record.offset + 1), step
        start = end


def _is_suspect(lane: Lane, each: Decoded) -> bool:
    suspect = lane.suspects.get(each.record.topic)
    return suspect is not None and suspect.start <= each.record.offset < suspect.end
