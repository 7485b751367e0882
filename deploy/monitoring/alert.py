"""What an alert is."""

from dataclasses import dataclass

CRITICAL, WARNING, NOTICE = "critical", "warning", "info"
"""Wake somebody; look today; good to know."""


@dataclass(frozen=True, slots=True)
class Alert:
    """What is wrong, how long before it is told, how bad, and where the runbook speaks of it."""

    name: str
    expression: str
    lasts: str
    severity: str
    anchor: str
    english: str
    chinese: str
