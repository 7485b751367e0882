"""Takes silent members out, a few a minute, once a person has confirmed the list; counts what came of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from services.moderation import metrics
from services.moderation.store import cleanings as store
from shared.contracts.commands import CommandExecuted, CommandFailed, RemoveMember, SendMessage
from shared.engine import DueTimer, Event, Timer, UnitOfWork
from shared.i18n import Catalogue

CLEANING = "cleaning"
MEMBERS_A_MINUTE = 20
"""Platforms take many removals at once for an attack."""
PACE = timedelta(minutes=1)
COMMAND_VALID = timedelta(hours=1)
ENGINE_ACTOR = "hearth"

Receipt = CommandExecuted | CommandFailed


@dataclass(frozen=True, slots=True)
class CleanMembers:
    """The timer's key is the cleaning."""

    texts: Catalogue

    async def __call__(self, due: Sequence[DueTimer], work: UnitOfWork) -> None:
        """Ask for the next removals of each cleaning that still runs."""
        running = await store.still_running(work.connection, sorted(each.timer.key for each in due))
        able: dict[str, DueTimer] = {}
        for each in due:
            if each.timer.key not in running:
                continue
            if _can_remove(each):
                able[each.timer.key] = each
            else:
                await self._give_up(each, work)
        if not able:
            return
        await store.drop_changed(work.connection, sorted(able))
        asked = []
        for row in await store.take(work.connection, sorted(able), MEMBERS_A_MINUTE):
            member_id, moment = row["member_id"], able[row["cleaning_id"]].now
            command = RemoveMember(
                community_id=row["community_id"], member_id=member_id, purpose=CLEANING,
                cause_id=row["cleaning_id"], expires_at=moment + COMMAND_VALID, reason=row["reason"],
            )  # fmt: skip
            asked.append((row["cleaning_id"], member_id, work.publish(command, moment)))
            metrics.CARE.labels("cleaning").inc()
        await store.note_asked(work.connection, asked)
        ended = await store.end(work.connection, [(key, each.now) for key, each in sorted(able.items())])
        for key, each in able.items():
            if key not in ended:
                work.set_timer(Timer(each.community_id, CLEANING, each.now + PACE, key))

    async def _give_up(self, due: DueTimer, work: UnitOfWork) -> None:
        """No channel lets members be removed: stop, and say so."""
        reason = self.texts.say(due.profile.locale, "cleaning.unable")
        await store.stop(work.connection, due.timer.key, ENGINE_ACTOR, reason, due.now)
        if due.profile.operators_channel_id:
            work.publish(
                SendMessage(
                    community_id=due.community_id, channel_id=due.profile.operators_channel_id, text=reason,
                    purpose=CLEANING, cause_id=due.timer.key, expires_at=due.now + COMMAND_VALID,
                ),
                due.now,
            )  # fmt: skip


def _can_remove(due: DueTimer) -> bool:
    channels = due.profile.channels
    return not channels or any(due.profile.can(each.channel_id, "remove") for each in channels)


@dataclass(frozen=True, slots=True)
class CountReceipts:
    """What connectors did: a removal that was only half done is none."""

    async def __call__(self, batch: Sequence[Event[Receipt]], work: UnitOfWork) -> None:
        """Note what became of the members of cleanings; receipts of other commands change nothing."""
        outcomes: dict[str, tuple[str, str]] = {}
        for event in batch:
            data = event.data
            if outcomes.get(data.command_id, ("", ""))[0] != "removed":
                outcomes[data.command_id] = _outcome(data)
        await store.receive(work.connection, [(key, *outcomes[key]) for key in sorted(outcomes)])


def _outcome(data: Receipt) -> tuple[str, str]:
    if isinstance(data, CommandFailed):
        return "failed", f"{data.failure}: {data.detail}" if data.detail else data.failure
    return ("failed", f"downgraded to {data.downgraded_to}") if data.downgraded_to else ("removed", "")
