"""Tells the world of findings and removals: facts for services, commands for connectors, words for people."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from services.moderation import metrics
from services.moderation.domain.docket import Docket, Found
from services.moderation.domain.policy import Rule
from services.moderation.domain.rulebook import RuleBook
from services.moderation.handlers.open_cases import Outcome, OutcomeKey
from services.moderation.store.findings import Decided
from services.moderation.store.moments import microseconds_of, moment_of
from services.moderation.store.sanctions import Sanction
from shared.contracts.commands import DeleteMessage, SendMessage
from shared.contracts.moderation import FindingRecorded, MessageRemoved, Span
from shared.engine import Event, UnitOfWork
from shared.i18n import Catalogue, match

COMMAND_VALID = timedelta(minutes=10)
REASON = "moderation_reason"
ALERT = "moderation_alert"


@dataclass(frozen=True, slots=True)
class Announcer:
    """Publishes what a batch led to; the docket notes who was told."""

    texts: Catalogue
    docket: Docket
    batch: Sequence[Event[Any]]
    books: Mapping[str, RuleBook]
    work: UnitOfWork

    def announce(self, outcomes: Sequence[Outcome], sanctions: Mapping[OutcomeKey, Sanction]) -> None:
        """New findings, removals, reminders and sanctions, in the order of the log."""
        for outcome in outcomes:
            event = self.batch[outcome.cause]
            for found in outcome.found:
                self._tell_finding(found)
            for decided in outcome.removed:
                self._tell_removal(decided, event)
            if not event.is_stale:
                self._tell_people(outcome, sanctions.get(outcome.key), event)

    def _tell_finding(self, found: Found) -> None:
        message, finding = found.message, found.finding
        fact = FindingRecorded(
            community_id=found.community_id,
            message_id=message.message_id,
            member_id=found.member_id,
            channel_id=message.channel_id,
            rule=finding.rule,
            rule_version=finding.version,
            score=finding.score,
            spans=tuple(Span(start=start, end=end) for start, end in finding.spans),
            evidence=finding.evidence,
        )
        self.work.publish(fact, self.batch[found.cause].now)
        metrics.FINDINGS.labels(found.rule.kind, found.mode.value).inc()

    def _tell_removal(self, decided: Decided, event: Event[Any]) -> None:
        removal, finding = decided.removal, decided.removal.finding
        fact = MessageRemoved(
            community_id=removal.community_id,
            message_id=removal.message.message_id,
            member_id=removal.member_id,
            channel_id=removal.message.channel_id,
            rule=finding.rule,
            rule_version=finding.version,
            evidence=finding.evidence,
            decision=decided.decision,
            posted_at=moment_of(removal.message.posted_us),
        )
        self.work.publish(fact, event.now)
        metrics.REMOVALS.labels(removal.rule.kind, decided.deletion).inc()
        if decided.deletion == "asked":
            self._ask_deletion(decided, event)

    def _ask_deletion(self, decided: Decided, event: Event[Any]) -> None:
        removal = decided.removal
        command = DeleteMessage(
            community_id=removal.community_id,
            channel_id=removal.message.channel_id,
            message_id=removal.message.message_id,
            member_id=removal.member_id,
            purpose=removal.finding.rule,
            cause_id=event.id,
            expires_at=event.now + COMMAND_VALID,
            reason=self._rule(removal.rule, event),
        )
        self.work.publish(command, event.now)

    def _tell_people(self, outcome: Outcome, sanction: Sanction | None, event: Event[Any]) -> None:
        """Once a burst: the member, of what goes; the operators, of what their platform leaves to them.

        A sanction is told in any case.
        """
        told_us = microseconds_of(event.occurred_at)
        in_time = [each for each in outcome.removed if not each.removal.was_stale]
        unable = [each for each in in_time if each.deletion == "unable"]
        going = [each for each in in_time if each.deletion != "unable"]
        begins = bool(going or outcome.reminders) and self.docket.tell(outcome.member, told_us)
        if begins or (going and sanction):
            self._tell_member(going, outcome, sanction, event)
        if event.profile.operators_channel_id:
            if unable and self.docket.alert(outcome.member, told_us):
                self._alert_operators(unable, event)
            if sanction:
                self._alert_of_sanction(sanction, outcome, event)

    def _tell_member(
        self, going: Sequence[Decided], outcome: Outcome, sanction: Sanction | None, event: Event[Any]
    ) -> None:
        """Which rule, what follows, and how to appeal, in one message."""
        locale = event.profile.locale
        if going:
            rule, channel_id = going[0].removal.rule, going[0].removal.message.channel_id
            parts = [self.texts.say(locale, "reason.removed", count=len(going), rule=self._rule(rule, event))]
        else:
            rule, channel_id = outcome.reminders[0].rule, outcome.reminders[0].message.channel_id
            parts = [self.texts.say(locale, "reason.reminded", rule=self._rule(rule, event))]
        if sanction and sanction.how != "unable":
            parts.append(self._step(sanction, event))
        parts.append(self.texts.say(locale, "reason.appeal"))
        to = None if event.profile.can(channel_id, "direct") else channel_id
        self._say(" ".join(parts), REASON, event, channel_id=to, member_id=outcome.member[1])
        metrics.NOTICES.labels("member").inc()

    def _step(self, sanction: Sanction, event: Event[Any]) -> str:
        until = sanction.until.astimezone(event.profile.zone) if sanction.until else None
        return self.texts.say(
            event.profile.locale, f"step.{sanction.step}", until=f"{until:%Y-%m-%d %H:%M}" if until else ""
        )

    def _alert_of_sanction(self, sanction: Sanction, outcome: Outcome, event: Event[Any]) -> None:
        """Operators hear of what needs them: a proposal, and a mute that their platform cannot do."""
        key = "alert.cannot_mute" if sanction.how == "unable" else f"alert.{sanction.step}"
        if key not in ("alert.cannot_mute", "alert.removal"):
            return
        member = _member_name(event, sanction.member_id)
        rule = outcome.removed[0].removal.rule
        text = self.texts.say(
            event.profile.locale, key, member=member, rule=self._rule(rule, event), points=sanction.points
        )
        self._say(text, f"{ALERT}_{sanction.step}", event, channel_id=event.profile.operators_channel_id)
        metrics.NOTICES.labels("operators").inc()

    def _alert_operators(self, removals: Sequence[Decided], event: Event[Any]) -> None:
        first = removals[0].removal
        text = self.texts.say(
            event.profile.locale,
            "alert.cannot_delete",
            member=_member_name(event, first.member_id),
            channel=_channel_name(event, first.message.channel_id),
            count=len(removals),
            rule=self._rule(first.rule, event),
        )
        self._say(text, ALERT, event, channel_id=event.profile.operators_channel_id)
        metrics.NOTICES.labels("operators").inc()

    def _say(
        self,
        text: str,
        purpose: str,
        event: Event[Any],
        *,
        channel_id: str | None,
        member_id: str | None = None,
    ) -> None:
        command = SendMessage(
            community_id=event.community_id,
            channel_id=channel_id,
            member_id=member_id,
            text=text,
            purpose=purpose,
            cause_id=event.id,
            expires_at=event.now + COMMAND_VALID,
        )
        self.work.publish(command, event.now)

    def _rule(self, rule: Rule, event: Event[Any]) -> str:
        """The rule's name for people: its own, else its kind's."""
        locale = match(event.profile.locale)
        return rule.names.get(locale) or self.texts.say(locale, f"rule.{rule.kind}")


def _member_name(event: Event[Any], member_id: str) -> str:
    """The event's own author may have a name; others of a campaign have their ids."""
    name = getattr(event.data, "member_name", None) if event.data.member_id == member_id else None
    return name or member_id


def _channel_name(event: Event[Any], channel_id: str) -> str:
    names = {channel.channel_id: channel.name for channel in event.profile.channels}
    return names.get(channel_id) or channel_id
