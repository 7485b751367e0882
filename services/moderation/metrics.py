"""What moderation counts."""

from services.moderation.domain.joining import Verdict
from services.moderation.domain.policy import Mode, Step
from services.moderation.domain.rules import KINDS
from shared.observability.metrics import counter, histogram

_KINDS = tuple(sorted(KINDS))

FINDINGS = counter(
    "hearth_moderation_findings_total",
    "Findings by the kind of rule that made them and what became of them.",
    {"kind": _KINDS, "mode": tuple(mode.value for mode in Mode if mode is not Mode.OFF)},
)
REMOVALS = counter(
    "hearth_moderation_removals_total",
    "Messages taken away, by kind of rule and by what became of the deletion in the chat.",
    {"kind": _KINDS, "deletion": ("asked", "unable", "gone")},
)
SANCTIONS = counter(
    "hearth_moderation_sanctions_total",
    "Steps of the ladder that members were put on.",
    {"step": tuple(step.value for step in Step)},
)
CASES = counter(
    "hearth_moderation_cases_opened_total",
    "Cases: decisions that may be judged, and findings that must be.",
    {"kind": ("decision", "review")},
)
NOTICES = counter(
    "hearth_moderation_notices_total",
    "Messages asked of connectors: the reason of a removal to its member, or an alert to operators.",
    {"to": ("member", "operators")},
)
JOIN_REQUESTS = counter(
    "hearth_moderation_join_requests_total",
    "Requests to come in, by what lists and answers made of them.",
    {"verdict": tuple(verdict.value for verdict in Verdict)},
)
BATCH_MESSAGES = histogram(
    "hearth_moderation_batch_messages",
    "Messages judged in one batch, posted and edited.",
    buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500, 1000),
)
