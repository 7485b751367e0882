"""What QQ's groups allow a bot, by its role there, whichever protocol speaks with them."""

from connectors.sdk.buckets import Rate
from connectors.sdk.ladder import Ability
from connectors.sdk.outcomes import Refused

MEMBER = frozenset({"send", "reply", "direct"})
ADMIN = MEMBER | {"delete", "mute", "remove", "ban", "answer_join"}
OWNER = ADMIN | {"title"}
TITLE_CHARACTERS_MAX = 6
MUTE_SECONDS_MAX = 30 * 24 * 3600 - 60
"""QQ takes less than thirty days."""
TEXT_UNITS_MAX = 4_000
RATES = (Rate(5, 1.0),)
CHANNEL_RATES = (Rate(3, 3.0), Rate(20, 60.0))
"""More often than that, and QQ takes the account for a robot."""


def ability_of(roles: set[str], *, able_too: frozenset[str] = frozenset()) -> Ability:
    """What a bot with these roles (`owner`, `admin`, `member`) can do in all of their groups.

    `able_too`: what the protocol adds for administrators.
    """
    if not roles <= {"owner", "admin"}:
        return Ability(MEMBER, MUTE_SECONDS_MAX, TEXT_UNITS_MAX)
    able = OWNER if roles == {"owner"} else ADMIN
    return Ability(able | able_too, MUTE_SECONDS_MAX, TEXT_UNITS_MAX)


def number(text: str) -> int:
    """An id as the protocols have it. Raises Refused for what is none of QQ's."""
    if not text.removeprefix("-").isascii() or not text.removeprefix("-").isdecimal():
        raise Refused("the id is no number")
    return int(text)
