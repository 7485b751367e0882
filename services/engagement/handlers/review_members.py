"""Reviews a community's members once a week: segments, win-back, and the graph of who talks with whom."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import asyncpg

from services.engagement.domain.choices import Choices
from services.engagement.domain.hours import at_local, hour_of
from services.engagement.domain.mesh import Mesh
from services.engagement.domain.segment import Segment, segment_of
from services.engagement.store import choices, questions
from services.engagement.store import members as store
from shared.contracts.commands import SendMessage
from shared.contracts.identity import event_id
from shared.engine import DueTimer, Timer, UnitOfWork
from shared.i18n import Catalogue

REVIEW_MEMBERS = "review_members"
AT = time(10, 0)
QUESTIONS_KEPT = timedelta(days=90)
WIN_BACK_RESTS = timedelta(days=90)
VALID = timedelta(hours=8)


def next_review(now: datetime, zone: str) -> datetime:
    """The next Monday at ten, after this moment."""
    today = hour_of(now, zone).day
    monday = today + timedelta(days=7 - today.weekday())
    return at_local(monday, AT, zone)


@dataclass(frozen=True, slots=True)
class ReviewMembers:
    """On Mondays at ten."""

    texts: Catalogue

    async def __call__(self, due: Sequence[DueTimer], work: UnitOfWork) -> None:
        """One community after the other, since each holds its graph in memory."""
        chosen = await choices.load_choices(work.connection, sorted({each.community_id for each in due}))
        for each in due:
            zone = each.profile.time_zone
            today = hour_of(each.timer.due_at, zone).day
            await self._segment(each, today, chosen[each.community_id][0], work)
            await _mesh(each.community_id, today, work)
            await questions.forget(work.connection, each.community_id, each.timer.due_at - QUESTIONS_KEPT)
            following = next_review(max(each.timer.due_at, each.now), zone)
            work.set_timer(Timer(each.community_id, REVIEW_MEMBERS, following))

    async def _segment(self, due: DueTimer, today: date, mine: Choices, work: UnitOfWork) -> None:
        rows = await store.activities(work.connection, due.community_id)
        segments = {row["member_id"]: segment_of(row["active_days"], today) for row in rows}
        await store.save_segments(
            work.connection, due.community_id, {k: v.value for k, v in segments.items()}
        )
        if not mine.win_back_on:
            return
        leaving = [row for row in rows if segments[row["member_id"]] is Segment.LEAVING]
        rested = [
            row for row in leaving
            if row["won_back_at"] is None or due.now - row["won_back_at"] >= WIN_BACK_RESTS
        ]  # fmt: skip
        chosen = sorted(rested, key=lambda row: (-len(row["active_days"]), row["member_id"]))
        self._win_back(chosen[: mine.win_backs_a_week], due, work)
        names = [row["member_id"] for row in chosen[: mine.win_backs_a_week]]
        await store.win_back(work.connection, due.community_id, names, due.now)

    def _win_back(self, rows: Sequence[asyncpg.Record], due: DueTimer, work: UnitOfWork) -> None:
        """A private word to those who were here most."""
        for row in rows:
            command = SendMessage(
                community_id=due.community_id,
                member_id=row["member_id"],
                text=self.texts.say(due.profile.locale, "win_back.missed"),
                purpose="win_back",
                cause_id=event_id(due.timer.due_at, "win-back", due.community_id, row["member_id"]),
                expires_at=due.now + VALID,
            )
            work.publish(command, due.now)


async def _mesh(community_id: str, today: date, work: UnitOfWork) -> None:
    edges = await store.edges(work.connection, community_id, today)
    mesh = Mesh.of(edges)
    parts = mesh.parts() if edges else []
    await store.save_mesh(
        work.connection, community_id, today, len(mesh.names), len(edges), len(parts), mesh.concentration(),
        mesh.cut_members(), json.dumps(mesh.introductions(parts)),
    )  # fmt: skip
    await store.forget_edges(work.connection, community_id, today)
