"""A back-test over a file: each process judges its own members, so verdicts are those of one."""

import gc
import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple
from zlib import crc32

from connectors.imports.authors import Authors
from connectors.imports.source import Broken, Source
from services.moderation.domain.backtest import Backtest, Run, merge
from services.moderation.domain.policy import Policy
from services.moderation.domain.recorded import Recorded
from services.moderation.domain.rulebook import RuleBook
from services.moderation.domain.rules import Resources
from services.moderation.store.models import shipped_model
from tools.message_lines import BadLine, BadRecord, decode, microseconds, name_in, text_in

BATCH_MESSAGES = 500
BAD_SHOWN = 20
MENTIONS_MAX = 200
GC_THRESHOLD = 100_000
"""Windows and findings live to the end: looking at them again and again frees nothing."""

Advance = Callable[[int], None]
"""Bytes of the file that are read."""


class Job(NamedTuple):
    """What to compare on which file, in how many processes."""

    path: Path
    active: Policy
    candidate: Policy
    parts: int = 1


@dataclass(slots=True)
class Skipped:
    """What no rule judges."""

    bots: int = 0
    bad: int = 0
    first_bad: list[BadLine] = field(default_factory=list)

    def note(self, line: BadLine) -> None:
        """A line that cannot be read."""
        self.bad += 1
        if len(self.first_bad) < BAD_SHOWN:
            self.first_bad.append(line)


def run_file(job: Job, advance: Advance = lambda _: None) -> tuple[Run, Skipped]:
    """The whole file."""
    if job.parts == 1:
        return run_part(job, 0, advance)
    # forked before any thread is there; what is imported need not be again
    context = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(job.parts - 1, context) as others:
        waiting = [others.submit(run_part, job, part) for part in range(1, job.parts)]
        own, skipped = run_part(job, 0, advance)
        return merge([own, *(each.result()[0] for each in waiting)]), skipped


def run_part(job: Job, part: int, advance: Advance = lambda _: None) -> tuple[Run, Skipped]:
    """The messages of a part's members; every part reads, and counts, all that is skipped."""
    gc.set_threshold(GC_THRESHOLD, 20, 20)
    resources = Resources(model=shipped_model())
    active, candidate = (RuleBook.compile(policy, resources) for policy in (job.active, job.candidate))
    test = Backtest.of(active, candidate)
    source, skipped = Source(job.path), Skipped()
    batch: list[Recorded] = []
    for message in _messages(source, skipped):
        if job.parts > 1 and crc32(message.member_id.encode("utf-8", "replace")) % job.parts != part:
            continue
        batch.append(message)
        if len(batch) == BATCH_MESSAGES:
            test.read(batch)
            advance(source.bytes_read)
            batch = []
            if test.is_full:
                break
    test.read(batch)
    return test.run(), skipped


def texts_of(path: Path, message_ids: frozenset[str]) -> dict[str, str]:
    """The texts of some messages of the file."""
    found = _messages(Source(path), Skipped())
    return {each.message_id: each.text for each in found if each.message_id in message_ids}


def _messages(source: Source, skipped: Skipped) -> Iterator[Recorded]:
    authors = Authors()
    number = 0
    try:
        for number, content in source.lines():
            if content is None:
                skipped.note(BadLine(number, "the line is too long"))
            elif content.strip():
                try:
                    if message := _message(number, decode(content), authors):
                        yield message
                    else:
                        skipped.bots += 1
                except BadRecord as error:
                    skipped.note(BadLine(number, str(error)))
    except Broken as error:
        skipped.note(BadLine(number + 1, str(error)))


def _message(number: int, record: dict[str, Any], authors: Authors) -> Recorded | None:
    """None for a bot's. Raises BadRecord."""
    member_id = name_in(record, "member", "sender")
    if member_id is None:
        raise BadRecord("the sender is missing")
    message_id = name_in(record, "id") or f"line-{number}"
    reply_to = authors.of(name_in(record, "reply_to"))
    authors.remember(message_id, member_id)
    if record.get("is_bot") is True:
        return None
    channel_id = name_in(record, "channel") or ""
    text = text_in(record) if "text" in record else ""
    return Recorded(
        "",
        member_id,
        message_id,
        channel_id,
        microseconds(record.get("sent_at")),
        text,
        _names(record, "mentions"),
        reply_to,
        _names(record, "roles"),
    )


def _names(record: dict[str, Any], field_name: str) -> tuple[str, ...]:
    value = record.get(field_name)
    if not value:
        return ()
    if not isinstance(value, list):
        raise BadRecord(f"{field_name} is no list")
    return tuple(str(each) for each in value[:MENTIONS_MAX])
