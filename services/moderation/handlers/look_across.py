"""What a batch shows across members: campaigns, reposts, and who disturbs a hosted session."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from services.moderation.domain.crowd import CampaignHit, Crowd, members_of
from services.moderation.domain.docket import Docket
from services.moderation.domain.message import Key, Message
from services.moderation.domain.originals import Originals
from services.moderation.domain.policy import Rule
from services.moderation.domain.rulebook import Hit, RuleBook
from services.moderation.domain.sessions import Session, Sessions
from services.moderation.domain.window import NOTHING
from services.moderation.store import crowds as crowd_store
from services.moderation.store import sessions as session_store
from services.moderation.store.community_windows import SAID_KEPT, forget_said
from services.moderation.store.moments import microseconds_of
from shared.contracts.chat import MessagePosted
from shared.contracts.engagement import SessionClosed, SessionOpened
from shared.contracts.identity import event_id
from shared.engine import Event
from shared.postgres.connection import Connection
from shared.text import marks_all

CAMPAIGN, REPOST, SESSION = "campaign", "repost", "session"


@dataclass(frozen=True, slots=True)
class Across:
    """By number of the event what it shows across members, and what is to be saved of it."""

    campaigns: Mapping[int, list[CampaignHit]]
    reposts: Mapping[int, list[Hit]]
    crowds: Mapping[str, Crowd]
    originals: Mapping[str, Originals]
    sessions: Sessions

    def members(self, batch: Sequence[Event[Any]]) -> set[Key]:
        """Whom the campaigns concern."""
        return {
            member
            for number, hits in self.campaigns.items()
            for member in members_of(batch[number].community_id, hits)
        }

    def shown(
        self, number: int, event: Event[Any], message: Message, shown: Sequence[Hit],
        docket: Docket, book: RuleBook,
    ) -> list[Hit]:  # fmt: skip
        """What the message shows besides its own text; what came too late disturbs no session.

        An edit is no message more, so that none of the member's others count with it.
        """
        hits = self.reposts.get(number, [])
        rules = book.across(SESSION)
        if not rules or not self.sessions.known or event.is_stale:
            return hits
        window = docket.windows.get((message.community_id, message.member_id), NOTHING)
        if window.is_exempt:
            return hits
        recent = window.place(message).recent if isinstance(event.data, MessagePosted) else ()
        return [*hits, *self.sessions.judge(message, recent, shown, rules)]

    def hear(self, event: Event[Any]) -> None:
        """A session opens or closes; in whatever order that is said."""
        data, at_us = event.data, microseconds_of(event.occurred_at)
        key = data.community_id, data.session_id
        session = self.sessions.known.get(key) or Session(data.channel_id)
        if isinstance(data, SessionOpened):
            session = session.opened(at_us, microseconds_of(data.ends_at), data.speaker_ids)
        else:
            session = session.closed(at_us)
        self.sessions.keep(key, session)

    async def save(self, connection: Connection, latest: Mapping[str, datetime]) -> None:
        """All that the batch changed; texts that are old at the communities' latest moments are left out."""
        since = {name: latest[name] - SAID_KEPT for name in self.crowds}
        await forget_said(connection, sorted(since.items()))
        said = [
            (name, crowd.owner, each)
            for name, crowd in self.crowds.items()
            for since_us in [microseconds_of(since[name])]
            for each in crowd.changed.values()
            if each.posted_us >= since_us
        ]
        fresh = [(name, each) for name, known in self.originals.items() for each in known.fresh]
        await crowd_store.save_said(connection, said)
        await crowd_store.save_originals(connection, fresh)
        await session_store.save_sessions(connection, self.sessions)


async def look_across(
    batch: Sequence[Event[Any]],
    messages: Mapping[int, Message],
    books: Mapping[str, RuleBook],
    connection: Connection,
) -> Across:
    """Load what the batch's communities remember, and read its messages in the order of the log.

    Reposts are looked for in posted messages alone: an edit does not say whom the message answers, and to
    answer the author is credit enough.
    """
    posted = {
        number: message
        for number, message in messages.items()
        if isinstance(batch[number].data, MessagePosted)
    }
    crowds, campaigns = await _campaigns(batch, messages, books, connection)
    originals, reposts = await _reposts(posted, books, connection)
    sessions = await _sessions(batch, messages, connection)
    return Across(campaigns, reposts, crowds, originals, sessions)


async def _campaigns(
    batch: Sequence[Event[Any]],
    messages: Mapping[int, Message],
    books: Mapping[str, RuleBook],
    connection: Connection,
) -> tuple[dict[str, Crowd], dict[int, list[CampaignHit]]]:
    reading: dict[int, list[tuple[Rule, Any]]] = {}
    moments: dict[str, list[datetime]] = {}
    rules_of = {community_id: book.across(CAMPAIGN) for community_id, book in books.items()}
    for number, message in messages.items():
        rules = rules_of[message.community_id]
        if own := [each for each in rules if each[1].reads(message) and each[0].scope.holds(message)]:
            reading[number] = own
            moments.setdefault(message.community_id, []).append(batch[number].occurred_at)
    owners = {event.community_id: event.profile.owner for event in batch}
    asked = [
        (community_id, min(times) - span, max(times) + span, owners[community_id])
        for community_id, times in sorted(moments.items())
        for span in [_span(books[community_id])]
    ]
    said = await crowd_store.load_said(connection, asked)
    crowds = {
        community_id: Crowd.of(said.get(community_id, ()), owners[community_id]) for community_id in moments
    }
    houses = _houses(crowds.values())
    campaigns: dict[int, list[CampaignHit]] = {}
    for number, own in reading.items():
        event, message = batch[number], messages[number]
        crowd = crowds[message.community_id]
        propose = partial(event_id, event.now, CAMPAIGN, event.id)
        is_edit = not isinstance(event.data, MessagePosted)
        neighbours = houses.get(crowd.owner, ())
        if hits := crowd.hear(message, own, propose, event.is_stale, is_edit, neighbours):
            campaigns[number] = hits
    return crowds, campaigns


def _houses(crowds: Iterable[Crowd]) -> Mapping[str | None, list[Crowd]]:
    """The crowds of each owner who is known."""
    houses: dict[str | None, list[Crowd]] = {}
    for crowd in crowds:
        if crowd.owner is not None:
            houses.setdefault(crowd.owner, []).append(crowd)
    return houses


def _span(book: RuleBook) -> timedelta:
    return timedelta(minutes=max(params.minutes for _, params in book.across(CAMPAIGN)))


async def _reposts(
    posted: Mapping[int, Message], books: Mapping[str, RuleBook], connection: Connection
) -> tuple[dict[str, Originals], dict[int, list[Hit]]]:
    rules_of = {community_id: book.across(REPOST) for community_id, book in books.items()}
    long = []
    for number, message in posted.items():
        for _, params in rules_of[message.community_id]:
            if params.reads(message):
                long.append(number)
                break
    prints = [posted[number].fingerprint for number in long]
    marks = dict(zip(long, marks_all(prints, [posted[number].community_id for number in long]), strict=True))
    communities = sorted({posted[number].community_id for number in marks})
    loaded = await crowd_store.load_originals(connection, communities, marks.values())
    originals = {community_id: Originals.of(loaded.get(community_id, ())) for community_id in communities}
    reposts: dict[int, list[Hit]] = {}
    for number, own in marks.items():
        message = posted[number]
        rules = rules_of[message.community_id]
        if hits := originals[message.community_id].read(message, own, rules):
            reposts[number] = hits
    return originals, reposts


async def _sessions(
    batch: Sequence[Event[Any]], messages: Mapping[int, Message], connection: Connection
) -> Sessions:
    earliest: dict[str, datetime] = {}
    for event in batch:
        community_id, moment = event.data.community_id, event.occurred_at
        known = earliest.get(community_id)
        if known is None or moment < known:
            earliest[community_id] = moment
    told = {event.data.session_id for event in batch if type(event.data) in (SessionOpened, SessionClosed)}
    members = sorted({message.member_id for message in messages.values()})
    return await session_store.load_sessions(connection, sorted(earliest.items()), sorted(told), members)
