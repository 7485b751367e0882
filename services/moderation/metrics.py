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
    {"kind": ("decision", "review", "report", "campaign", "join_wave")},
)
VERDICTS = counter(
    "hearth_moderation_verdicts_total",
    "Verdicts of operators on cases, those given in answer to appeals among them.",
    {"verdict": ("confirmed", "overturned")},
)
APPEALS = counter(
    "hearth_moderation_appeals_total",
    "Appeals of members: filed, decided either way, and past their deadline.",
    {"what": ("filed", "upheld", "overturned", "overdue")},
)
REPORTS = counter(
    "hearth_moderation_reports_total",
    "Reports of members, and the messages that were shown to operators or held because of them.",
    {"what": ("reported", "alerted", "held")},
)
NOTICES = counter(
    "hearth_moderation_notices_total",
    "Messages asked of connectors: the reason of a removal to its member, or an alert to operators.",
    {"to": ("member", "operators")},
)
CARE = counter(
    "hearth_moderation_care_total",
    "What was done to look after communities.",
    {"act": ("reminder", "cleaning", "warning", "dispute")},
)
JOIN_REQUESTS = counter(
    "hearth_moderation_join_requests_total",
    "Requests to come in, by what lists and answers made of them.",
    {"verdict": tuple(verdict.value for verdict in Verdict)},
)
POLICIES_REFUSED = counter(
    "hearth_moderation_policies_refused_total",
    "Stored policies that this release cannot build, so that an earlier version judges.",
)
BATCH_MESSAGES = histogram(
    "hearth_moderation_batch_messages",
    "Messages judged in one batch, posted and edited.",
    buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 4000),
)
