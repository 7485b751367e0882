"""Reads messages, edits and deletions in the order of the log and takes away what breaks a rule."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.moderation import metrics, store
from services.moderation.domain.docket import Docket, Removal
from services.moderation.domain.message import Key, Message
from services.moderation.domain.window import Window
from services.moderation.handlers.announce_decisions import Announcer
from services.moderation.handlers.forget_members import forgetting
from services.moderation.store import Decided
from shared.contracts.chat import MessageDeleted, MessageEdited, MessagePosted
from shared.engine import Event, UnitOfWork
from shared.i18n import Catalogue
from shared.text import fingerprint_all, normalise_all

OPERATOR = "operator"

Reviewed = MessagePosted | MessageEdited | MessageDeleted


@dataclass(frozen=True, slots=True)
class ReviewMessages:
    """One handler for the three, because a deletion counts for what comes after it in the log."""

    texts: Catalogue

    async def __call__(self, batch: Sequence[Event[Reviewed]], work: UnitOfWork) -> None:
        """Load the members' windows, judge, save what is new and announce it."""
        messages = _read(batch)
        windows = await store.load_windows(work.connection, _members(batch))
        known = frozenset(windows)
        docket = Docket(windows)
        _judge(docket, batch, messages)
        await _decide(docket, batch, Announcer(self.texts, docket, batch, work))
        await _remember(docket, known, batch, work)
        metrics.BATCH_MESSAGES.observe(len(messages))


def _read(batch: Sequence[Event[Reviewed]]) -> dict[int, Message]:
    """The messages that rules may judge, by their event's number in the batch."""
    judged = [
        (number, event.occurred_at, event.data)
        for number, event in enumerate(batch)
        if not isinstance(event.data, MessageDeleted)
        and not event.data.is_bot
        and not _is_operators(event.data)
    ]
    texts = normalise_all([data.text for _, _, data in judged])
    fingerprints = fingerprint_all([text.text for text in texts])
    return {
        number: Message(
            data.community_id,
            data.member_id,
            data.message_id,
            data.channel_id,
            store.microseconds_of(occurred_at),
            text,
            fingerprint,
        )
        for (number, occurred_at, data), text, fingerprint in zip(judged, texts, fingerprints, strict=True)
    }


def _is_operators(data: Reviewed) -> bool:
    return isinstance(data, MessagePosted) and OPERATOR in data.member_roles


def _members(batch: Sequence[Event[Reviewed]]) -> Collection[Key]:
    """Members of whom something must be known."""
    return sorted(
        {
            (event.data.community_id, event.data.member_id)
            for event in batch
            if not isinstance(event.data, MessageDeleted) and not event.data.is_bot
        }
    )


def _judge(docket: Docket, batch: Sequence[Event[Reviewed]], messages: dict[int, Message]) -> None:
    for number, event in enumerate(batch):
        data = event.data
        if isinstance(data, MessageDeleted):
            docket.bury(data.community_id, data.message_id)
        elif data.is_bot:
            continue
        elif _is_operators(data):
            docket.excuse(data.community_id, data.member_id)
        elif isinstance(data, MessagePosted):
            docket.judge_posted(messages[number], number)
        else:
            docket.judge_edited(messages[number], number)


async def _decide(docket: Docket, batch: Sequence[Event[Reviewed]], announcer: Announcer) -> None:
    """Save findings and removals; announce and act on those that nobody decided before."""
    connection = announcer.work.connection
    found = [(each, batch[each.cause].now) for each in docket.found.values()]
    new_findings = await store.save_findings(connection, found)
    gone = await store.load_gone(connection, sorted(docket.removals))
    decided = [_decision(removal, batch[removal.cause], gone) for removal in docket.removals.values()]
    new_removals = await store.save_removals(connection, decided)
    announcer.announce(
        [each for each, _ in found if each.key in new_findings],
        [each for each in decided if each.removal.key in new_removals],
    )


def _decision(removal: Removal, event: Event[Reviewed], gone: Collection[Key]) -> Decided:
    if removal.was_gone or removal.key in gone:
        deletion = "gone"
    else:
        deletion = "asked" if event.profile.can(removal.message.channel_id, "delete") else "unable"
    return Decided(removal, event.now, event.id, deletion)


async def _remember(
    docket: Docket, known: Collection[Key], batch: Sequence[Event[Reviewed]], work: UnitOfWork
) -> None:
    changed: dict[Key, Window] = {member: docket.windows[member] for member in docket.changed}
    await store.save_windows(work.connection, changed, work.now)
    await store.save_gone(work.connection, docket.gone, work.now)
    fresh = {community_id for community_id, _ in changed.keys() - known}
    fresh |= {community_id for community_id, _ in docket.gone}
    latest: dict[str, datetime] = {event.community_id: event.now for event in batch}
    for community_id in sorted(fresh):
        work.set_timer(forgetting(community_id, latest[community_id]))
