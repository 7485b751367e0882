"""Hears what members ask of moderation in the chat: appeals, and reports of messages."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import cast

from services.moderation.domain.asking import Wish, asked
from services.moderation.handlers.answers import Speaker
from services.moderation.handlers.count_reports import count_reports
from services.moderation.handlers.file_appeals import Heard, file_appeals
from shared.contracts.chat import MessageEdited, MessagePosted
from shared.contracts.identity import event_id
from shared.engine import Event, UnitOfWork
from shared.i18n import Catalogue

DECIDE_WITHIN = timedelta(hours=48)
HINT = "moderation_report_hint"


@dataclass(frozen=True, slots=True)
class HearMembers:
    """Appeals go against what was decided before them in the log; a report is an answer to its message.

    Edits ask for nothing: they are here because one may have led to a decision of the same batch.
    """

    texts: Catalogue
    decide_within: timedelta = DECIDE_WITHIN

    async def __call__(self, batch: Sequence[Event[MessagePosted | MessageEdited]], work: UnitOfWork) -> None:
        """File appeals, count reports, answer."""
        heard = [
            Heard(number, cast("Event[MessagePosted]", event), wish)
            for number, event in enumerate(batch)
            if isinstance(data := event.data, MessagePosted)
            and not data.is_bot
            and (wish := asked(data.text)) is not None
        ]
        appeals = [each for each in heard if each.asked.wish is Wish.APPEAL]
        reports = [each for each in heard if each.asked.wish is Wish.REPORT]
        if appeals:
            later = {event_id(each.now, "case", each.id): number for number, each in enumerate(batch)}
            await file_appeals(appeals, later, self.decide_within, self.texts, work)
        if reports:
            await count_reports(reports, self.texts, work)
        for each in reports:
            self._answer(each, work)

    def _answer(self, heard: Heard, work: UnitOfWork) -> None:
        """A report is thanked for in private only; a bare word without a message is told how to report."""
        event, data = heard.event, heard.event.data
        if event.is_stale:
            return
        speaker = Speaker(self.texts, event.profile, event.now, work)
        if data.reply_to is None:
            if heard.asked.is_plain:
                text = speaker.say("report.hint")
                speaker.to_member(
                    data.member_id, text, HINT, heard.cause_id, data.channel_id, data.message_id
                )
        elif event.profile.can(data.channel_id, "direct"):
            speaker.to_member(data.member_id, speaker.say("report.thanks"), HINT, heard.cause_id, None)
