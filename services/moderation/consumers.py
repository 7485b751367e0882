"""Which events moderation takes, and who takes them."""

from pathlib import Path

from services.moderation.handlers.hear_members import HearMembers
from services.moderation.handlers.review_messages import ReviewMessages
from services.moderation.handlers.rulebooks import RuleBooks
from shared.contracts.chat import MessageDeleted, MessageEdited, MessagePosted
from shared.engine import Routes
from shared.i18n import Catalogue

TEXTS = Catalogue.load(Path(__file__).parent / "locale")


def routes() -> Routes:
    """The table of events."""
    table = Routes()
    table.on(MessagePosted, MessageEdited, MessageDeleted, to=ReviewMessages(TEXTS, RuleBooks.load()))
    table.on(MessagePosted, MessageEdited, to=HearMembers(TEXTS))
    return table
