"""What the bot may do in a chat, by its own membership there."""

from dataclasses import replace
from typing import Any

from connectors.sdk.ladder import Ability

MUTE_SECONDS_MAX = 366 * 24 * 3600 - 60
"""A longer one Telegram takes for one without end."""
TEXT_UNITS_MAX = 4_096
NOBODY = Ability(frozenset({"replay"}), MUTE_SECONDS_MAX, TEXT_UNITS_MAX)
RIGHTS = {
    "can_delete_messages": ("delete",),
    "can_restrict_members": ("mute", "remove", "ban"),
    "can_pin_messages": ("pin",),
    "can_invite_users": ("answer_join",),
}


def ability_of(membership: dict[str, Any], is_supergroup: bool) -> Ability:
    """A `ChatMember` read for the bot. Only supergroups know mutes."""
    status = membership.get("status")
    if status not in ("administrator", "creator", "member", "restricted"):
        return NOBODY
    able = {"replay", "direct"}
    if status != "restricted" or membership.get("can_send_messages") is True:
        able |= {"send", "reply"}
    for right, acts in RIGHTS.items():
        if status == "creator" or (status == "administrator" and membership.get(right) is True):
            able.update(acts)
    return replace(NOBODY, capabilities=frozenset(able if is_supergroup else able - {"mute"}))
