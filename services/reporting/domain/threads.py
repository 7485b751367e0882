"""Threads: who opened each, and when a second person answered first.

Time to first response as CHAOSS defines it: from the opening to the first message of somebody else. A thread
keeps the earliest messages of its two earliest people; merging two such states keeps the two earliest of all,
so no order of arrival matters.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import NamedTuple

from services.reporting.domain.fact import MESSAGE, Fact

ThreadName = tuple[str, int]
"""community_id, thread_key."""


class Voice(NamedTuple):
    """A person's earliest message of a thread."""

    at: datetime
    member_id: str
    on: date


class Thread(NamedTuple):
    """One thread; the fields are the columns of its table."""

    community_id: str
    thread_key: int
    opened_on: date
    opened_at: datetime
    opened_by: str
    answered_at: datetime | None
    answered_by: str | None


def voices_of(facts: Iterable[Fact]) -> dict[ThreadName, list[Voice]]:
    """By thread the earliest message of each of its two earliest people; bots have no voice."""
    found: dict[ThreadName, dict[str, Voice]] = {}
    for fact in facts:
        member = fact.member_id
        if fact.thread_key is None or fact.type != MESSAGE or fact.is_bot or member is None:
            continue
        voices = found.setdefault((fact.community_id, fact.thread_key), {})
        known = voices.get(member)
        if known is None or fact.occurred_at < known.at:
            voices[member] = Voice(fact.occurred_at, member, fact.local_date)
    return {name: sorted(voices.values())[:2] for name, voices in found.items()}


def merged(known: Mapping[ThreadName, Thread], heard: Mapping[ThreadName, list[Voice]]) -> list[Thread]:
    """The threads that change, sorted by key."""
    changed = []
    for name in sorted(heard):
        before = known.get(name)
        after = _thread(name, _earliest([*_voices(before), *heard[name]]))
        if after != before:
            changed.append(after)
    return changed


def _voices(thread: Thread | None) -> list[Voice]:
    if thread is None:
        return []
    found = [Voice(thread.opened_at, thread.opened_by, thread.opened_on)]
    if thread.answered_at is not None and thread.answered_by is not None:
        found.append(Voice(thread.answered_at, thread.answered_by, thread.opened_on))
    return found


def _earliest(voices: Iterable[Voice]) -> list[Voice]:
    """The earliest of each person, the two earliest people."""
    first: dict[str, Voice] = {}
    for voice in sorted(voices, key=lambda each: (each.at, each.member_id)):
        first.setdefault(voice.member_id, voice)
    return list(first.values())[:2]


def _thread(name: ThreadName, voices: list[Voice]) -> Thread:
    opened, *answered = voices
    answer = answered[0] if answered else None
    return Thread(
        *name,
        opened.on,
        opened.at,
        opened.member_id,
        answer.at if answer else None,
        answer.member_id if answer else None,
    )
