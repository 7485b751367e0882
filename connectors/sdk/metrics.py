"""What every connector counts."""

from shared.contracts.commands import COMMAND_CONTRACTS
from shared.observability.metrics import counter, gauge, histogram

OUTCOMES = ("executed", "downgraded", "unsupported", "refused", "expired", "failed")

EVENTS_PUBLISHED = counter(
    "hearth_connectors_events_published_total", "Events, receipts and states that brokers have."
)
EVENTS_REFUSED = counter(
    "hearth_connectors_events_refused_total",
    "Events from outside that were not taken, by reason.",
    {"reason": ("invalid", "unknown_type", "foreign_community", "clock", "too_large", "signature")},
)
RECEIPTS = counter(
    "hearth_connectors_receipts_total",
    "Commands with an outcome, by what was asked and what came of it.",
    {"act": tuple(contract.TYPE for contract in COMMAND_CONTRACTS), "outcome": OUTCOMES},
)
PLATFORM_ERRORS = counter(
    "hearth_connectors_platform_errors_total",
    "Calls of a platform that did not succeed; all but refusals are tried again until the command expires.",
    {"kind": ("busy", "unreachable", "refused", "gone", "broken")},
)
COMMAND_SECONDS = histogram(
    "hearth_connectors_command_seconds", "From a command's decision to its outcome on the platform."
)
CONFLICTS = gauge(
    "hearth_connectors_conflicts", "1 while another connector answers for one of its places, else 0."
)
COMMANDS_WAITING = gauge("hearth_connectors_commands_waiting", "Commands without an outcome.")
COMMANDS_LAG = gauge(
    "hearth_connectors_commands_lag_records", "Records of the commands' topic that were not looked at."
)
