"""Tells metrics and the log what a batch came to."""

import structlog

from shared.engine import metrics
from shared.engine.transaction import Transaction

log = structlog.get_logger(__name__)


def report_batch(done: Transaction, seconds: float) -> None:
    """Count a committed transaction."""
    plan = done.plan
    records = 0
    for tally in plan.tallies.values():
        records += tally.next_offset - tally.first_offset
        for end, count in (
            ("applied", tally.applied),
            ("duplicate", tally.duplicates),
            ("dead_lettered", tally.dead_lettered),
            ("skipped", tally.skipped),
        ):
            if count:
                metrics.RECORDS.labels(tally.topic, end).inc(count)
    if records:
        metrics.BATCH_RECORDS.observe(records)
        metrics.BATCH_SECONDS.observe(seconds)
    for (topic, _), hole in plan.gaps.items():
        metrics.GAPS.labels(topic).inc(hole)
    for dead in plan.dead:
        metrics.DEAD_LETTERS.labels(dead.reason).inc()
        log.warning(
            "a record was set aside", action="dead_letter", reason=dead.reason, detail=dead.detail,
            topic=dead.record.topic, partition=dead.record.partition, offset=dead.record.offset,
        )  # fmt: skip
    if done.fired:
        metrics.TIMERS_FIRED.inc(done.fired)
    written = sum(done.added.values())
    if written:
        metrics.OUTBOX_WRITTEN.inc(written)
