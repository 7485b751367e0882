"""Reads the chat in the order of the log and decides about what breaks a rule."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from services.moderation import metrics
from services.moderation.domain.docket import Docket
from services.moderation.domain.message import Key, Message
from services.moderation.domain.reading import Readings
from services.moderation.domain.rulebook import Hit, RuleBook
from services.moderation.domain.window import Window, may_be_new
from services.moderation.handlers.decide import decide
from services.moderation.handlers.forget_members import forgetting
from services.moderation.handlers.hand_over_campaigns import hand_over
from services.moderation.handlers.listings import Exemptions, Listings
from services.moderation.handlers.look_across import Across, look_across
from services.moderation.handlers.remind_of_rules import look_tonight
from services.moderation.handlers.rulebooks import RuleBooks
from services.moderation.handlers.watch_disputes import watch_disputes
from services.moderation.handlers.watch_pulse import watch_messages
from services.moderation.store import windows as store
from services.moderation.store.moments import microseconds_of
from shared.contracts.chat import MemberJoined, MessageDeleted, MessageEdited, MessagePosted
from shared.contracts.contract import Contract
from shared.contracts.engagement import SessionClosed, SessionOpened
from shared.engine import Event, UnitOfWork, during
from shared.i18n import Catalogue
from shared.postgres.connection import Connection

OPERATOR = "operator"

TEXTS_AT_ONCE = 200
"""Read between two looks at what the database has answered; fewer cost more each."""

Reviewed = MessagePosted | MessageEdited | MessageDeleted | MemberJoined | SessionOpened | SessionClosed
Written = MessagePosted | MessageEdited
WRITTEN = frozenset((MessagePosted, MessageEdited))


@dataclass(frozen=True, slots=True)
class ReviewMessages:
    """One handler for them all, because each counts for what comes after it in the log."""

    texts: Catalogue
    books: RuleBooks
    lists: Listings = field(default_factory=Listings)
    readings: Readings = field(default_factory=Readings)

    async def __call__(self, batch: Sequence[Event[Reviewed]], work: UnitOfWork) -> None:
        """Load the rules and the members' windows, judge, save what is new and announce it."""
        connection = work.connection
        books = await self.books.of(connection, sorted({event.community_id for event in batch}))
        messages = self._read(batch)
        windows = await store.load_windows(connection, sorted(_members(batch)))
        shown: dict[int, list[Hit]] = {}
        across, lists = await during(
            self._look_around(batch, messages, books, windows, connection),
            _show(messages, books, windows, shown),
        )
        known = frozenset(member for member, window in windows.items() if window.recent)
        docket = Docket(windows)
        _judge(docket, batch, messages, shown, books, lists, across)
        outcomes = await decide(docket, batch, books, self.texts, work)
        latest = {event.community_id: event.now for event in batch}
        await across.save(work.connection, latest)
        await hand_over(across.campaigns, batch, self.books, work)
        await look_tonight(outcomes, batch, work)
        await watch_messages(batch, messages, outcomes, books, self.texts, work)
        await watch_disputes(docket, batch, messages, self.texts, work)
        await _remember(docket, known, latest, across, work)
        metrics.BATCH_MESSAGES.observe(len(messages))

    async def _look_around(
        self,
        batch: Sequence[Event[Reviewed]],
        messages: Mapping[int, Message],
        books: Mapping[str, RuleBook],
        windows: dict[Key, Window],
        connection: Connection,
    ) -> tuple[Across, Exemptions]:
        """What the batch shows across members, and what lists say; adds the windows of whom that concerns."""
        across = await look_across(batch, messages, books, connection)
        members = _members(batch)
        if others := across.members(batch) - members:
            windows |= await store.load_windows(connection, sorted(others))
        return across, await self.lists.of(connection, sorted(books), sorted({*members, *others}))

    def look_ahead(self, facts: Sequence[Contract]) -> None:
        """Read the texts of what comes next."""
        self.readings.of([data.text for data in facts if isinstance(data, Written) and _is_judged(data)])

    def _read(self, batch: Sequence[Event[Any]]) -> dict[int, Message]:
        """The messages that rules may judge, by their event's number in the batch."""
        judged = [
            (number, event)
            for number, event in enumerate(batch)
            if type(event.data) in WRITTEN and _is_judged(event.data)
        ]
        readings = self.readings.of([event.data.text for _, event in judged])
        return {
            number: Message(
                data.community_id, data.member_id, data.message_id, data.channel_id,
                microseconds_of(event.occurred_at), *reading, data.mentions,
                *((data.reply_to_member, data.member_roles) if type(data) is MessagePosted else ()),
            )
            for (number, event), reading in zip(judged, readings, strict=True)
            for data in [event.data]
        }  # fmt: skip


def _is_judged(data: Any) -> bool:
    """Whether rules may judge what somebody wrote."""
    return not data.is_bot and not _is_operators(data)


def _is_operators(data: Reviewed) -> bool:
    return isinstance(data, MessagePosted) and OPERATOR in data.member_roles


def _members(batch: Sequence[Event[Reviewed]]) -> set[Key]:
    """Members of whom something must be known."""
    return {
        (event.data.community_id, event.data.member_id)
        for event in batch
        if isinstance(event.data, Written | MemberJoined) and not event.data.is_bot
    }


def _judge(
    docket: Docket,
    batch: Sequence[Event[Reviewed]],
    messages: Mapping[int, Message],
    texts_show: Mapping[int, list[Hit]],
    books: Mapping[str, RuleBook],
    lists: Exemptions,
    across: Across,
) -> None:
    shown = _listed(texts_show, messages, books, lists)
    for number, event in enumerate(batch):
        data = event.data
        if message := messages.get(number):
            book = books[message.community_id]
            if (message.community_id, message.member_id) in lists.allowed:
                book = book.binding()
            hits = [*shown[number], *across.shown(number, event, message, shown[number], docket, book)]
            if isinstance(data, MessagePosted):
                docket.judge_posted(message, hits, book, number)
            else:
                docket.judge_edited(message, hits, number)
            for hit in across.campaigns.get(number, ()):
                docket.judge_campaign(hit, message.community_id, number)
        elif isinstance(data, MessageDeleted):
            docket.bury(data.community_id, data.message_id)
        elif isinstance(data, SessionOpened | SessionClosed):
            across.hear(event)
        elif isinstance(data, MemberJoined) and not data.is_bot:
            docket.join(data.community_id, data.member_id, microseconds_of(event.occurred_at))
        elif _is_operators(data) and not data.is_bot:
            docket.excuse(data.community_id, data.member_id)


def _show(
    messages: Mapping[int, Message],
    books: Mapping[str, RuleBook],
    windows: Mapping[Key, Window],
    shown: dict[int, list[Hit]],
) -> Iterator[None]:
    """Find what each message's text shows, in pieces; communities under the same book are read together."""
    together: dict[int, list[int]] = {}
    for number, message in messages.items():
        together.setdefault(id(books[message.community_id]), []).append(number)
    for numbers in together.values():
        for start in range(0, len(numbers), TEXTS_AT_ONCE):
            yield
            piece = numbers[start : start + TEXTS_AT_ONCE]
            own = [messages[number] for number in piece]
            hits = books[own[0].community_id].read(own, may_be_new(own, windows))
            shown.update(zip(piece, hits, strict=True))


def _listed(
    shown: Mapping[int, list[Hit]],
    messages: Mapping[int, Message],
    books: Mapping[str, RuleBook],
    lists: Exemptions,
) -> dict[int, list[Hit]]:
    """The hits that the communities' lists leave and add; of members who are allowed only what binds all."""
    if not lists.listings:
        return dict(shown)
    judged: dict[int, list[Hit]] = {}
    for number, hits in shown.items():
        message = messages[number]
        if (message.community_id, message.member_id) in lists.allowed:
            judged[number] = [hit for hit in hits if hit.rule.binds_everybody]
        else:
            listed = books[message.community_id].listed
            judged[number] = lists.of(message.community_id).judge(message, hits, listed)
    return judged


async def _remember(
    docket: Docket,
    known: Collection[Key],
    latest: Mapping[str, datetime],
    across: Across,
    work: UnitOfWork,
) -> None:
    changed: dict[Key, Window] = {member: docket.windows[member] for member in docket.changed}
    await store.save_windows(work.connection, changed, work.now)
    await store.save_gone(work.connection, docket.gone, work.now)
    fresh = {community_id for community_id, _ in changed.keys() - known}
    fresh |= {community_id for community_id, _ in docket.gone}
    fresh |= {community_id for community_id, _ in across.sessions.changed}
    for community_id in sorted(fresh):
        work.set_timer(forgetting(community_id, latest[community_id]))
