"""Which events rewards takes, and who takes them."""

from pathlib import Path
from secrets import token_bytes

from services.rewards.handlers.answer_members import AnswerMembers
from services.rewards.handlers.award_checkins import AwardCheckins
from services.rewards.handlers.award_given import AwardGiven
from services.rewards.handlers.award_messages import AwardMessages
from services.rewards.handlers.award_thanks import AwardThanks
from services.rewards.handlers.count_referrals import CountReferrals
from services.rewards.handlers.erase_members import EraseMembers
from services.rewards.handlers.judge_messages import JudgeMessages
from services.rewards.handlers.link_members import LinkMembers
from services.rewards.handlers.note_people import NotePeople
from shared.contracts.chat import (
    MemberForgotten,
    MemberJoined,
    MemberLeft,
    MemberUpdated,
    MessageDeleted,
    MessagePosted,
    ReactionAdded,
    ReactionRemoved,
)
from shared.contracts.engagement import CheckinRecorded, CheckinRevoked, EventAttended, IntroductionCompleted
from shared.contracts.moderation import MessageRemoved, MessageRestored, SanctionApplied, SanctionLifted
from shared.engine import Routes
from shared.i18n import Catalogue

TEXTS = Catalogue.load(Path(__file__).parent / "locale")


def routes(secret: bytes = b"") -> Routes:
    """The table of events; codes for members are made of the secret, or of one that nobody knows."""
    table = Routes()
    table.on(MessagePosted, to=LinkMembers(TEXTS, secret or token_bytes(32)))
    table.on(MessagePosted, to=AwardMessages())
    table.on(MessageRemoved, MessageRestored, MessageDeleted, to=JudgeMessages())
    table.on(CheckinRecorded, CheckinRevoked, to=AwardCheckins())
    table.on(MessagePosted, to=AwardThanks())
    table.on(MemberJoined, MemberLeft, to=CountReferrals())
    table.on(MessagePosted, to=AnswerMembers(TEXTS))
    table.on(
        MessagePosted,
        MemberUpdated,
        MemberJoined,
        MemberLeft,
        SanctionApplied,
        SanctionLifted,
        to=NotePeople(),
    )
    table.on(ReactionAdded, ReactionRemoved, IntroductionCompleted, EventAttended, to=AwardGiven())
    table.on(MemberForgotten, to=EraseMembers(TEXTS))
    return table
