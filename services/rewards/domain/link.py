"""One person's accounts: the main one, whose wallet has all points, and those that are linked to it.

Each account keeps its own facts for ever. A link only says whose they are, so that it can be undone.
"""

import hmac
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import NamedTuple

from services.rewards.domain.accounts import PATHS, TransactionKind
from services.rewards.domain.ledger import Movement, Owner
from services.rewards.domain.transaction_id import derived_id

ACCOUNTS_MAX = 5
"""Linked to one main account."""
CODE_DIGITS = 6
CODE_VALID = timedelta(minutes=10)
TRIES_MAX = 5
"""Wrong codes of one member in an hour; after them no code of theirs is looked at."""
TRIES_OF_ALL_MAX = 50
"""Wrong codes of a whole community in an hour: of a million codes, whoever guesses together tries these."""
TRIES_WITHIN = timedelta(hours=1)
WORDS = ("绑定", "綁定", "link")
CHARACTERS_MAX = 30
RULE = "link"
PASSING = frozenset({TransactionKind.LEAVE, TransactionKind.ARRIVE, TransactionKind.ASSUME})
"""What moves between two accounts of one person."""
_FIRST = frozenset({"/", "／", *"绑綁lL"})


class Link(NamedTuple):
    """An account that is the same person's as another one."""

    link_id: str
    community_id: str
    account_id: str
    member_id: str
    """The main account."""
    linked_at: datetime
    """When the code was typed."""
    moved: int = 0
    """Points that the account brought, less the debts that the main one took over."""


class Tries(NamedTuple):
    """Wrong codes since a moment, and of a member the message that had the newest."""

    since: datetime
    tries: int
    message_id: str = ""

    def also(self, at: datetime, message_id: str = "") -> "Tries":
        """With one more; those of an hour ago are forgotten."""
        if at - self.since >= TRIES_WITHIN:
            return Tries(at, 1, message_id)
        return self._replace(tries=self.tries + 1, message_id=message_id)

    def are_too_many(self, at: datetime, most: int) -> bool:
        """Whether no code is looked at now."""
        return self.tries >= most and at - self.since < TRIES_WITHIN


def link_asked(text: str) -> str | None:
    """The code behind the word, empty where a code is asked for; None for any other message."""
    if len(text) > CHARACTERS_MAX or text.lstrip()[:1] not in _FIRST:
        return None
    line = unicodedata.normalize("NFKC", text).strip().removeprefix("/").casefold()
    for word in WORDS:
        if line.startswith(word):
            code = line[len(word) :].strip()
            return code if not code or (code.isdecimal() and len(code) == CODE_DIGITS) else None
    return None


def code_of(secret: bytes, owner: Owner, message_id: str, attempt: int) -> str:
    """Six digits that only who has the secret can tell, the same for the same question."""
    named = "\x1f".join((*owner, message_id, str(attempt))).encode("utf-8", "surrogatepass")
    number = int.from_bytes(hmac.digest(secret, named, sha256)[:8], "big")
    return f"{number % 10**CODE_DIGITS:0{CODE_DIGITS}}"


def others(owner: Owner, links: Sequence[Link], at: datetime) -> list[str]:
    """The person's other accounts at a moment; `links` are all of the person's, in force."""
    held = [each for each in links if each.linked_at <= at]
    accounts = {each.account_id for each in held} | {each.member_id for each in held}
    return sorted(accounts - {owner[1]}) if owner[1] in accounts else []


def passed(points: int, link: Link, cause_id: str, at: datetime, now: datetime) -> list[Movement]:
    """What brings points (below zero: a debt) from the account to the main one; sums to zero."""
    giver, taker = (link.account_id, link.member_id) if points > 0 else (link.member_id, link.account_id)
    does = TransactionKind.LEAVE if points > 0 else TransactionKind.ASSUME
    return between(link.community_id, giver, taker, abs(points), does, cause_id, at, now)


def between(
    community_id: str, giver: str, taker: str, points: int, does: TransactionKind, cause_id: str,
    at: datetime, now: datetime,
) -> list[Movement]:  # fmt: skip
    """Points leave one account of a person for another; with `ASSUME` the giver may come into debt."""
    if not points:
        return []
    return [
        Movement(
            derived_id(cause_id, kind), community_id, member_id, points, RULE, 0, cause_id, at, now, does=kind
        )
        for kind, member_id in ((does, giver), (TransactionKind.ARRIVE, taker))
    ]


def carried_on(
    movements: Sequence[Movement], links: Mapping[Owner, Link]
) -> tuple[list[Movement], dict[str, int]]:
    """The movements, each followed by what it brings to the main account; and by link, how much it was.

    A linked account is empty, so whatever it is given goes on, and whatever is taken from it is a debt that
    the main one takes over.
    """
    followed: list[Movement] = []
    sums: dict[str, int] = {}
    for each in movements:
        followed.append(each)
        link = links.get((each.community_id, each.member_id))
        if link is None or each.kind in PASSING:
            continue
        source, target = PATHS[each.kind]
        points = each.points if target is None else -each.points if source is None else 0
        if points:
            followed += passed(points, link, each.transaction_id, each.occurred_at, each.announced_at)
            sums[link.link_id] = sums.get(link.link_id, 0) + points
    return followed, sums
