"""A text before the rules by itself, outside of any chat: for operators who try them."""

from collections.abc import Sequence
from typing import NamedTuple

from services.moderation.domain.listing import NO_LISTING, Listing
from services.moderation.domain.message import Message
from services.moderation.domain.rulebook import Hit, RuleBook
from shared.text import fingerprint_all, links_of, normalise_all


class Checked(NamedTuple):
    """The text as rules read it, and what they find."""

    normalised: str
    hits: tuple[Hit, ...]


def check_all(
    texts: Sequence[str], book: RuleBook, listing: Listing = NO_LISTING, channel_id: str = ""
) -> list[Checked]:
    """What the rules that read texts, and a community's lists, make of each, by nobody in particular."""
    read = normalise_all(texts)
    prints = fingerprint_all([each.text for each in read])
    messages = [
        Message("", "", "", channel_id, 0, text, fingerprint, len(links_of(text.original)))
        for text, fingerprint in zip(read, prints, strict=True)
    ]
    return [
        Checked(message.text.text, tuple(listing.judge(message, hits, book.listed)))
        for message, hits in zip(messages, book.read(messages), strict=True)
    ]
