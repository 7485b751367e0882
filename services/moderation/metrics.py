"""What moderation counts."""

from services.moderation.domain.rules import RULES
from shared.observability.metrics import counter, histogram

_RULES = tuple(rule.id for rule in RULES)

FINDINGS = counter(
    "hearth_moderation_findings_total", "Findings by the rule that made them.", {"rule": _RULES}
)
REMOVALS = counter(
    "hearth_moderation_removals_total",
    "Messages taken away, by rule and by what became of the deletion in the chat.",
    {"rule": _RULES, "deletion": ("asked", "unable", "gone")},
)
NOTICES = counter(
    "hearth_moderation_notices_total",
    "Messages asked of connectors: the reason of a removal to its member, or an alert to operators.",
    {"to": ("member", "operators")},
)
BATCH_MESSAGES = histogram(
    "hearth_moderation_batch_messages",
    "Messages judged in one batch, posted and edited.",
    buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 4000),
)
