"""What the engine exports; counted per batch, never per event."""

from shared.contracts.topics import PARTITIONS, TOPICS
from shared.observability.metrics import counter, gauge, histogram

TOPIC_NAMES = [topic.name for topic in TOPICS]
ENDS = ("applied", "duplicate", "dead_lettered", "skipped")
REASONS = (
    "empty", "no_envelope", "not_json", "no_data", "unknown_specversion", "oversized_attribute",
    "bad_attribute",
    "oversized", "too_deep", "unknown_version", "wrong_partition", "wrong_topic", "invalid", "too_old",
    "in_future", "refused", "timer_refused", "crashed_process",
)  # fmt: skip
"""Every reason for which a record or timer is set aside."""

RECORDS = counter(
    "hearth_records_total",
    "Records by topic and by what became of them.",
    {"topic": TOPIC_NAMES, "end": ENDS},
)
DEAD_LETTERS = counter("hearth_dead_letters_total", "Records set aside, by reason.", {"reason": REASONS})
CLEANED = counter("hearth_records_cleaned_total", "Records whose text had to be made storable.")
GAPS = counter(
    "hearth_log_gaps_total", "Records that were missing from the log, by topic.", {"topic": TOPIC_NAMES}
)
BATCH_SECONDS = histogram("hearth_batch_seconds", "Time of one batch's transaction, from BEGIN to COMMIT.")
BATCH_RECORDS = histogram(
    "hearth_batch_records",
    "Records of one batch.",
    buckets=(1, 5, 10, 25, 50, 100, 250, 500, 1000, 2000, 4000),
)
RETRIES = counter("hearth_batch_retries_total", "Batches tried again after a failure that may pass.")
FENCED = counter("hearth_lanes_fenced_total", "Lanes that turned out to have another owner.")
LANES = gauge("hearth_lanes_owned", "Lanes that this process owns.")
LANES_STOPPED = gauge(
    "hearth_lanes_stopped", "Lanes that the breaker has stopped; they wait for an operator."
)
TIMERS_FIRED = counter("hearth_timers_fired_total", "Timers that came due and were applied.")
TIMER_LATE_SECONDS = gauge(
    "hearth_timer_late_seconds", "How long the oldest timer that is due has waited; 0 when none is due."
)
TIMERS_WAITING = gauge(
    "hearth_timers_waiting", "Timers that are due and wait for another service; 500 are looked at."
)
LAG_EVENTS = gauge(
    "hearth_lag_events", "Records in the log that are not handled yet, by lane.", {"lane": range(PARTITIONS)}
)
LAG_SECONDS = gauge(
    "hearth_lag_seconds", "Age of what each lane has read up to; near 0 when all is read.",
    {"lane": range(PARTITIONS)},
)  # fmt: skip
OUTBOX_WRITTEN = counter("hearth_outbox_written_total", "Events written to the outbox.")
OUTBOX_SENT = counter("hearth_outbox_sent_total", "Events that Kafka has acknowledged.")
OUTBOX_WAITING = gauge("hearth_outbox_waiting", "Events written and not yet sent, over this process's lanes.")
OUTBOX_AGE_SECONDS = gauge("hearth_outbox_age_seconds", "Age of the oldest event that is not yet sent.")
PRODUCER_REBUILT = counter(
    "hearth_producer_rebuilt_total", "Producers closed and made anew after a send error."
)
