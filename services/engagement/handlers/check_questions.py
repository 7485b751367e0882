"""Looks after questions that nobody answered: asks members who answered such before, then operators."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from services.engagement import metrics
from services.engagement.domain.attention import Quiet
from services.engagement.domain.question import ASKED_MAX, UNANSWERED
from services.engagement.domain.silence import on_grid
from services.engagement.handlers.questions import CHECK_QUESTIONS, CHECKED_EVERY
from services.engagement.store import questions as store
from shared.contracts.commands import SendMessage
from shared.contracts.identity import event_id
from shared.engine import DueTimer, Timer, UnitOfWork
from shared.i18n import Catalogue

SHOWN = 80
VALID = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class CheckQuestions:
    """One timer a community, on half hours while a question is open; not in quiet hours."""

    texts: Catalogue

    async def __call__(self, due: Sequence[DueTimer], work: UnitOfWork) -> None:
        """Ask, or tell; then come back for what is left."""
        awake = []
        for each in due:
            profile = each.profile
            quiet = Quiet(profile.quiet_from, profile.quiet_until, profile.time_zone)
            if quiet.holds(each.now):
                work.set_timer(Timer(each.community_id, CHECK_QUESTIONS, quiet.after(each.now)))
            else:
                awake.append(each)
        if not awake:
            return
        moments = {each.community_id: each for each in awake}
        rows = await store.unanswered(
            work.connection, [(name, each.now - UNANSWERED) for name, each in sorted(moments.items())]
        )
        states = [
            (row["community_id"], row["message_id"], await self._tend(row, moments, work)) for row in rows
        ]
        await store.move(work.connection, states)
        left = await store.next_unanswered(work.connection, sorted(moments))
        asked = {name for name, _, state in states if state == "asked"}
        for name, each in moments.items():
            following = [each.now + CHECKED_EVERY] if name in asked else []
            if name in left:
                following.append(max(left[name] + UNANSWERED, each.now + timedelta(seconds=1)))
            if following:
                work.set_timer(Timer(name, CHECK_QUESTIONS, on_grid(min(following), CHECKED_EVERY)))

    async def _tend(self, row: Any, moments: dict[str, DueTimer], work: UnitOfWork) -> str:
        """What becomes of a question now: members are asked first, an operator is told half an hour later."""
        due = moments[row["community_id"]]
        if row["state"] == "open":
            helpers = await store.helpers(
                work.connection, row["community_id"], row["channel_id"], row["member_id"], due.now, ASKED_MAX
            )
            for member_id in helpers:
                self._send(row, due, "question.help", work, member_id=member_id)
            if helpers:
                metrics.QUESTIONS.labels("passed_on").inc()
                return "asked"
        metrics.QUESTIONS.labels("told").inc()
        if due.profile.operators_channel_id:
            self._send(row, due, "question.open", work, channel_id=due.profile.operators_channel_id)
        return "told"

    def _send(self, row: Any, due: DueTimer, key: str, work: UnitOfWork, **to: str) -> None:
        now: datetime = due.now
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
