"""What members ask of moderation in the chat: a second look at a decision, or a look at a message.

The word stands at the beginning, behind mentions of somebody at most, and ends there: after it comes nothing,
a space or a symbol. `申诉流程` and `reporting` are other words.
"""

import unicodedata
from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

TEXT_CHARACTERS_MAX = 1000
MENTIONS_MAX = 3


class Wish(StrEnum):
    """What a member wants."""

    APPEAL = "appeal"
    REPORT = "report"


WORDS: Mapping[str, Wish] = {
    "申诉": Wish.APPEAL,
    "申訴": Wish.APPEAL,
    "appeal": Wish.APPEAL,
    "举报": Wish.REPORT,
    "舉報": Wish.REPORT,
    "/report": Wish.REPORT,
    "/appeal": Wish.APPEAL,
    "/申诉": Wish.APPEAL,
    "/举报": Wish.REPORT,
}

_FIRST = frozenset({"@", *(word[0] for word in WORDS)})
"""By its first character nearly every message is told apart at once."""


class Asked(NamedTuple):
    """A wish, and what the member says of it."""

    wish: Wish
    said: str
    is_plain: bool
    """The word stands alone or is a command, so that an answer is expected in any case."""


def asked(text: str) -> Asked | None:
    """The wish in a message, if it is one."""
    first = unicodedata.normalize("NFKC", text.lstrip()[:1]).casefold()
    if first not in _FIRST:
        return None
    line = unicodedata.normalize("NFKC", text[:TEXT_CHARACTERS_MAX]).strip()
    for _ in range(MENTIONS_MAX):
        if line.startswith("@"):
            line = line.partition(" ")[2].lstrip()
    for word, wish in WORDS.items():
        if line[: len(word)].casefold() != word:
            continue
        rest = line[len(word) :]
        if word.startswith("/") and rest.startswith("@"):  # the command names the bot
            rest = " " + rest.partition(" ")[2]
        if not rest[:1].isalnum() and rest[:1] != "_":
            said = rest.lstrip(" \t\r\n,.:;!~、。")
            return Asked(wish, said, is_plain=not said or word.startswith("/"))
    return None
