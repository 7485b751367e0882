"""Which events rewards takes, and who takes them."""

from services.rewards.handlers.award_checkins import AwardCheckins
from services.rewards.handlers.award_messages import AwardMessages
from services.rewards.handlers.judge_messages import JudgeMessages
from shared.contracts.chat import MessageDeleted, MessagePosted
from shared.contracts.engagement import CheckinRecorded, CheckinRevoked
from shared.contracts.moderation import MessageRemoved, MessageRestored
from shared.engine import Routes


def routes() -> Routes:
    """The table of events."""
    table = Routes()
    table.on(MessagePosted, to=AwardMessages())
    table.on(MessageRemoved, MessageRestored, MessageDeleted, to=JudgeMessages())
    table.on(CheckinRecorded, CheckinRevoked, to=AwardCheckins())
    return table
