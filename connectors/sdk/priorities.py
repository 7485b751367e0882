"""Which command goes first: moderation before answers and rewards, before what warms a channel up."""

from shared.contracts.commands import Command, GrantTitle, SendMessage

MODERATION, ANSWERS, WARM_UP = 0, 1, 2
_MODERATION_SOURCE = "/hearth/moderation"
_REWARDS_SOURCE = "/hearth/rewards"


def priority_of(command: Command, source: str) -> int:
    """0 is first."""
    if isinstance(command, GrantTitle):
        return ANSWERS
    if not isinstance(command, SendMessage) or source == _MODERATION_SOURCE:
        return MODERATION
    if source == _REWARDS_SOURCE or command.reply_to is not None or command.channel_id is None:
        return ANSWERS
    return WARM_UP
