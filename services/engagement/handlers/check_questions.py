"""Looks after questions that nobody answered: asks members who answered such before, then operators."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from services.engagement import metrics
from services.engagement.domain.answerers import LATELY, Answerers
from services.engagement.domain.pulse import ChannelKey
from services.engagement.domain.question import ASKED_MAX, next_check
from services.engagement.handlers.questions import CHECK_QUESTIONS, quiet_of
from services.engagement.store import questions as store
from services.engagement.store.questions import LookedAt
from shared.contracts.commands import SendMessage
from shared.contracts.identity import event_id
from shared.engine import DueTimer, Timer, UnitOfWork
from shared.i18n import Catalogue

SHOWN = 80
VALID = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class CheckQuestions:
    """One timer a question, on half hours, until somebody answers; not in quiet hours.

    It may come behind later messages of a history, and asks for what was answered before its moment.
    """

    texts: Catalogue

    async def __call__(self, due: Sequence[DueTimer], work: UnitOfWork) -> None:
        """Ask, or tell; then come back for what is left."""
        moments = {(each.community_id, each.timer.key): each for each in due}
        done = {key: LookedAt(*key, "", None, None) for key in moments}
        rows = await store.checked(work.connection, [(*key, each.now) for key, each in moments.items()])
        known = await _answerers(rows, work)
        for row in rows:
            key = row["community_id"], row["message_id"]
            done[key] = self._tend(row, moments[key], known, work)
        await store.looked_at(work.connection, done.values())

    def _tend(
        self, row: Any, due: DueTimer, known: Mapping[ChannelKey, Answerers], work: UnitOfWork
    ) -> LookedAt:
        """What becomes of a question now: members are asked first, an operator is told half an hour later."""
        key = row["community_id"], row["message_id"]
        quiet = quiet_of(due.profile)
        if quiet.holds(due.now):
            return LookedAt(*key, "", None, _again(row, quiet.after(due.now), work))
        helpers = (
            known[row["community_id"], row["channel_id"]].best(due.now, row["member_id"], ASKED_MAX)
            if row["passed_on_at"] is None
            else []
        )
        if helpers:
            for member_id in helpers:
                self._send(row, due, "question.help", work, member_id=member_id)
            metrics.QUESTIONS.labels("passed_on").inc()
            return LookedAt(*key, "asked", due.now, _again(row, next_check(due.now, quiet), work))
        metrics.QUESTIONS.labels("told").inc()
        if due.profile.operators_channel_id:
            self._send(row, due, "question.open", work, channel_id=due.profile.operators_channel_id)
        return LookedAt(*key, "told", None, None)

    def _send(self, row: Any, due: DueTimer, key: str, work: UnitOfWork, **to: str) -> None:
        now = due.now
        text = " ".join(row["text"].split())[:SHOWN]
        minutes = int((now - row["asked_at"]).total_seconds() // 60)
        words = self.texts.say(due.profile.locale, key, question=text, minutes=minutes)
        command = SendMessage(
            community_id=due.community_id,
            text=words,
            purpose="question_help" if "member_id" in to else "question_open",
            cause_id=event_id(row["asked_at"], "question", row["community_id"], row["message_id"]),
            expires_at=now + VALID,
            **to,
        )
        work.publish(command, now)


async def _answerers(rows: Sequence[Any], work: UnitOfWork) -> dict[ChannelKey, Answerers]:
    """By channel of the questions that nobody was asked to answer yet."""
    since: dict[ChannelKey, datetime] = {}
    for row in rows:
        if row["passed_on_at"] is None:
            since.setdefault((row["community_id"], row["channel_id"]), row["now"] - LATELY)
    if not since:
        return {}
    return {key: Answerers(given) for key, given in (await store.answers(work.connection, since)).items()}


def _again(row: Any, moment: datetime, work: UnitOfWork) -> datetime | None:
    """Look at it then, unless it was answered in the meantime."""
    if row["settled_at"] is not None and row["settled_at"] < moment:
        return None
    work.set_timer(Timer(row["community_id"], CHECK_QUESTIONS, moment, key=row["message_id"]))
    return moment
