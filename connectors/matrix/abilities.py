"""What the bot may do in a room, by its power level there."""

from typing import Any

from connectors.sdk.ladder import Ability

TEXT_UNITS_MAX = 16_000
"""An event with all that belongs to it has at most 65 536 bytes."""
ALWAYS = frozenset({"direct", "replay"})
"""Also in a room where it may not speak."""
DEFAULTS = {"ban": 50, "kick": 50, "redact": 50, "invite": 0, "state_default": 50, "events_default": 0}
NO_LEVELS = Ability(ALWAYS)


def ability_in(levels: dict[str, Any], bot: str) -> Ability:
    """The room's `m.room.power_levels` read for one user."""
    mine = _number((levels.get("users") or {}).get(bot), _number(levels.get("users_default"), 0))
    needs = {name: _number(levels.get(name), usual) for name, usual in DEFAULTS.items()}
    events = levels.get("events") or {}

    def may(event: str, usual: str) -> bool:
        return mine >= _number(events.get(event), needs[usual])

    able = {
        "send": may("m.room.message", "events_default"),
        "reply": may("m.room.message", "events_default"),
        "delete": mine >= needs["redact"],
        "mute": may("m.room.power_levels", "state_default"),
        "remove": mine >= needs["kick"],
        "ban": mine >= needs["ban"],
        "pin": may("m.room.pinned_events", "state_default"),
        "answer_join": mine >= max(needs["invite"], needs["kick"]),
    }
    able_now = ALWAYS | {name for name, possible in able.items() if possible}
    return Ability(able_now, text_units_max=TEXT_UNITS_MAX)


def _number(value: Any, usual: int) -> int:
    """Old rooms write levels as text."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return int(value) if isinstance(value, str) and value.strip().lstrip("-").isdecimal() else usual
