"""Tells the world of findings and removals: facts for services, commands for connectors, words for people."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from typing import Any

from services.moderation import metrics
from services.moderation.domain.docket import Docket, Found
from services.moderation.store import FIRST_DECISION, Decided, microseconds_of, moment_of
from shared.contracts.commands import DeleteMessage, SendMessage
from shared.contracts.moderation import FindingRecorded, MessageRemoved, Span
from shared.engine import Event, UnitOfWork
from shared.i18n import Catalogue

COMMAND_VALID = timedelta(minutes=10)
REASON = "moderation_reason"
ALERT = "moderation_alert"


@dataclass(frozen=True, slots=True)
class Announcer:
    """Publishes what a batch led to; the docket notes who was told."""

    texts: Catalogue
    docket: Docket
    batch: Sequence[Event[Any]]
    work: UnitOfWork

    def announce(self, found: Sequence[Found], decided: Sequence[Decided]) -> None:
        """New findings and removals, both in the order of the log."""
        for each in found:
            self._tell_finding(each)
        for cause, group in groupby(decided, key=lambda each: each.removal.cause):
            removals, event = list(group), self.batch[cause]
            for removal in removals:
                self._tell_removal(removal, event)
            if not event.is_stale:
                self._tell_people(removals, event)

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
        metrics.FINDINGS.labels(finding.rule).inc()

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
            decision=FIRST_DECISION,
            posted_at=moment_of(removal.message.posted_us),
        )
        self.work.publish(fact, event.now)
        metrics.REMOVALS.labels(finding.rule, decided.deletion).inc()
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
            reason=self._rule(removal.finding.rule, event),
        )
        self.work.publish(command, event.now)

    def _tell_people(self, removals: Sequence[Decided], event: Event[Any]) -> None:
        """Once a burst: the member, of what goes; the operators, of what their platform leaves to them."""
        removed_us = microseconds_of(event.occurred_at)
        unable = [each for each in removals if each.deletion == "unable"]
        going = [each for each in removals if each.deletion != "unable"]
        member = removals[0].removal.community_id, removals[0].removal.member_id
        if going and self.docket.tell(member, removed_us):
            self._tell_member(going, event)
        if unable and event.profile.operators_channel_id and self.docket.alert(member, removed_us):
            self._alert_operators(unable, event)

    def _tell_member(self, removals: Sequence[Decided], event: Event[Any]) -> None:
        first = removals[0].removal
        channel_id = first.message.channel_id
        text = self.texts.say(
            event.profile.locale,
            "reason.removed",
            count=len(removals),
            rule=self._rule(first.finding.rule, event),
        )
        to = None if event.profile.can(channel_id, "direct") else channel_id
        self._say(text, REASON, event, channel_id=to, member_id=first.member_id)
        metrics.NOTICES.labels("member").inc()

    def _alert_operators(self, removals: Sequence[Decided], event: Event[Any]) -> None:
        first = removals[0].removal
        text = self.texts.say(
            event.profile.locale,
            "alert.cannot_delete",
            member=getattr(event.data, "member_name", None) or first.member_id,
            channel=_channel_name(event, first.message.channel_id),
            count=len(removals),
            rule=self._rule(first.finding.rule, event),
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

    def _rule(self, rule: str, event: Event[Any]) -> str:
        return self.texts.say(event.profile.locale, f"rule.{rule}")


def _channel_name(event: Event[Any], channel_id: str) -> str:
    names = {channel.channel_id: channel.name for channel in event.profile.channels}
    return names.get(channel_id) or channel_id
