"""What a bot may do in a channel, by Discord's permissions.

Source: discord.com/developers/docs/topics/permissions, section on overwrites.
"""

from collections.abc import Iterable

from nonebot.adapters.discord.api import Overwrite, Role

from connectors.sdk.ladder import Ability

MUTE_SECONDS_MAX = 28 * 24 * 3600 - 60
TEXT_UNITS_MAX = 1_960
"""2 000, less the mention of a member."""
NOBODY = Ability(frozenset(), MUTE_SECONDS_MAX, TEXT_UNITS_MAX)
ADMINISTRATOR, VIEW = 1 << 3, 1 << 10
RIGHTS = {
    "send": 1 << 11,
    "reply": 1 << 11 | 1 << 16,
    "delete": 1 << 13,
    "pin": 1 << 51,
    "mute": 1 << 40,
    "remove": 1 << 1,
    "ban": 1 << 2,
}
EVERYTHING = (1 << 60) - 1


def permissions(guild: int, mine: Iterable[int], roles: Iterable[Role]) -> int:
    """In the guild: of everybody's role, whose id is the guild's, and of the member's."""
    held = {guild, *mine}
    bits = 0
    for role in roles:
        bits |= int(role.permissions) if role.id in held else 0
    return EVERYTHING if bits & ADMINISTRATOR else bits


def overwritten(bits: int, guild: int, me: int, mine: Iterable[int], overwrites: Iterable[Overwrite]) -> int:
    """In a channel: everybody's overwrite, then those of roles together, then the member's own."""
    if bits & ADMINISTRATOR:
        return bits
    held, of = set(mine), {int(each.id): each for each in overwrites}
    for group in ([guild], held, [me]):
        found = [of[each] for each in group if each in of]
        for each in found:
            bits &= ~int(each.deny)
        for each in found:
            bits |= int(each.allow)
    return bits


def ability_of(bits: int) -> Ability:
    """What these permissions stand for; who does not see the channel can nothing."""
    if not bits & VIEW:
        return NOBODY
    able = {name for name, needed in RIGHTS.items() if bits & needed == needed}
    return Ability(frozenset(able | {"direct"}), MUTE_SECONDS_MAX, TEXT_UNITS_MAX)
