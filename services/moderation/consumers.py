"""Which events moderation takes, and who takes them."""

from pathlib import Path

from services.moderation.handlers.clean_members import CountReceipts
from services.moderation.handlers.erase_members import EraseMembers
from services.moderation.handlers.hear_members import HearMembers
from services.moderation.handlers.note_activity import NoteActivity
from services.moderation.handlers.review_messages import ReviewMessages
from services.moderation.handlers.rulebooks import RuleBooks
from services.moderation.handlers.screen_members import ScreenMembers
from services.moderation.handlers.watch_joins import WatchJoins
from services.moderation.handlers.watch_pulse import WatchLeaves
from shared.contracts.chat import (
    JoinRequested,
    MemberForgotten,
    MemberJoined,
    MemberLeft,
    MemberUpdated,
    MessageDeleted,
    MessageEdited,
    MessagePosted,
    ReactionAdded,
)
from shared.contracts.commands import CommandExecuted, CommandFailed
from shared.contracts.engagement import SessionClosed, SessionOpened
from shared.engine import Routes
from shared.i18n import Catalogue

TEXTS = Catalogue.load(Path(__file__).parent / "locale")


def routes(books: RuleBooks | None = None) -> Routes:
    """The table of events; without books, which are slow to compile, those of the shipped policy."""
    books = books or RuleBooks.load()
    table = Routes()
    review = ReviewMessages(TEXTS, books)
    table.on(
        MessagePosted, MessageEdited, MessageDeleted, MemberJoined, SessionOpened, SessionClosed, to=review
    )
    table.ahead = review.look_ahead
    table.on(MemberJoined, to=WatchJoins(TEXTS, books))
    table.on(MemberJoined, JoinRequested, to=ScreenMembers(TEXTS))
    table.on(MessagePosted, ReactionAdded, MemberJoined, MemberLeft, MemberUpdated, to=NoteActivity())
    table.on(MemberLeft, to=WatchLeaves(TEXTS))
    table.on(CommandExecuted, CommandFailed, to=CountReceipts())
    table.on(MessagePosted, MessageEdited, to=HearMembers(TEXTS))
    table.on(MemberForgotten, to=EraseMembers())
    return table
