"""After an owner died without a farewell: go on in small, noted steps, to find a record that kills.

The first death costs nothing but caution: steps of a few records, each noted before it is tried. A second
death names a step; its records are then tried one by one. A third names one record, and it is set aside.
"""

from collections.abc import Iterator, Sequence

from shared.engine.lane import Lane, Suspect
from shared.engine.record import Dead, Decoded


def spare_the_suspect(lane: Lane, decoded: Sequence[Decoded]) -> list[Decoded]:
    """The records, with the one that was being tried alone when an owner died turned into a dead letter."""
    suspect = lane.suspect
    if suspect is None or suspect.end - suspect.start != 1:
        return list(decoded)
    return [
        Dead(each.record, "crashed_process", "the process died three times with this record")
        if (each.record.topic, each.record.offset) == (suspect.topic, suspect.start)
        else each
        for each in decoded
    ]


def careful_steps(
    lane: Lane, decoded: Sequence[Decoded], size: int
) -> Iterator[tuple[Suspect, list[Decoded]]]:
    """Cut a lane's records into steps of one topic each; one by one inside a suspected range."""
    start = 0
    while start < len(decoded):
        first = decoded[start].record
        end = start + 1
        if not _is_suspect(lane.suspect, decoded[start]):
            while (
                end < len(decoded)
                and end - start < size
                and decoded[end].record.topic == first.topic
                and not _is_suspect(lane.suspect, decoded[end])
            ):
                end += 1
        step = list(decoded[start:end])
        yield Suspect(first.topic, first.offset, step[-1].record.offset + 1), step
        start = end


def _is_suspect(suspect: Suspect | None, each: Decoded) -> bool:
    if suspect is None or each.record.topic != suspect.topic:
        return False
    return suspect.start <= each.record.offset < suspect.end
