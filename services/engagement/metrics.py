"""What engagement counts."""

from collections import Counter
from dataclasses import dataclass, field

from services.engagement.domain.attention import PostKind
from shared.observability.metrics import counter

CHECKINS = counter(
    "hearth_engagement_checkins_total",
    "Changes of check-ins: recorded, revoked, moved to another message of the date, repeated on one date.",
    {"change": ("recorded", "revoked", "moved", "repeated")},
)
CHECKIN_ANSWERS = counter(
    "hearth_engagement_checkin_answers_total",
    "Answers to check-ins that were asked of connectors, by what they say.",
    {"kind": ("first", "one_day", "streak", "milestone", "already")},
)
VERDICTS_FORGOTTEN = counter(
    "hearth_engagement_verdicts_forgotten_total",
    "Removals and deletions forgotten because their message never came or was no check-in.",
)
POSTS = counter(
    "hearth_engagement_posts_total",
    "What Hearth wanted to say by itself, by what became of it and why.",
    {
        "kind": tuple(kind.value for kind in PostKind),
        "state": ("sent", "waiting", "approval", "skipped"),
        "reason": ("none", "quiet_hours", "budget", "cannot_send", "stale", "talking"),
    },
)
NEWCOMERS = counter(
    "hearth_engagement_newcomers_total",
    "Newcomers: greeted, introduced, and those whose introduction nobody answered in time.",
    {"what": ("greeted", "introduced", "unanswered")},
)
QUESTIONS = counter(
    "hearth_engagement_questions_total",
    "Questions: asked, answered by members or from approved answers, passed on, told to operators.",
    {"what": ("asked", "answered", "faq", "passed_on", "told")},
)
COLD_SPELLS = counter(
    "hearth_engagement_cold_spells_total",
    "Channels found cold: to be answered, or held out by lot.",
    {"lot": ("answered", "held_out")},
)


@dataclass(frozen=True, slots=True)
class CheckinCounts:
    """What one batch counts: a metric is touched once a batch, which costs a hundredth of once an event."""

    changes: Counter[str] = field(default_factory=Counter)
    answers: Counter[str] = field(default_factory=Counter)

    def add(self) -> None:
        """Add them to the metrics."""
        for change, count in self.changes.items():
            CHECKINS.labels(change).inc(count)
        for kind, count in self.answers.items():
            CHECKIN_ANSWERS.labels(kind).inc(count)
