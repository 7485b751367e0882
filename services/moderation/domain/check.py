"""A text before the rules by itself, outside of any chat: for operators who try them."""

from collections.abc import Sequence
from typing import NamedTuple

from services.moderation.domain.listing import NO_LISTING, Listing
from services.moderation.domain.message import Message
from services.moderation.domain.reading import read_texts
from services.moderation.domain.rulebook import Hit, RuleBook


class Checked(NamedTuple):
    """The text as rules read it, and what they find."""

    normalised: str
    hits: tuple[Hit, ...]


def check_all(
    texts: Sequence[str], book: RuleBook, listing: Listing = NO_LISTING, channel_id: str = ""
) -> list[Checked]:
    """What the rules that read texts, and a community's lists, make of each, by nobody in particular."""
    messages = [Message("", "", "", channel_id, 0, *reading) for reading in read_texts(texts)]
    return [
        Checked(message.text.text, tuple(listing.judge(message, hits, book.listed)))
        for message, hits in zip(messages, book.read(messages), strict=True)
    ]
