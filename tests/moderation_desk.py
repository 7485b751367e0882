"""The shipped rules applied to single messages, for tests of the domain."""

from services.moderation.domain.docket import Docket
from services.moderation.domain.message import Message
from services.moderation.domain.rulebook import RuleBook
from services.moderation.domain.rules import Resources
from services.moderation.store.models import shipped_model
from services.moderation.store.policy_documents import default_policy

BOOK = RuleBook.compile(default_policy(), Resources(model=shipped_model()))


def judge_posted(docket: Docket, message: Message, cause: int, book: RuleBook = BOOK) -> None:
    """A message before all rules of the book."""
    docket.judge_posted(message, book.read([message])[0], book, cause)


def judge_edited(docket: Docket, message: Message, cause: int, book: RuleBook = BOOK) -> None:
    """An edit before those that read texts."""
    docket.judge_edited(message, book.read([message])[0], cause)
