"""Which events engagement takes, and who takes them."""

from pathlib import Path

from services.engagement.domain.policy import CheckinPolicy
from services.engagement.handlers.answer_silence import AnswerSilence
from services.engagement.handlers.follow_channels import FollowChannels
from services.engagement.handlers.forget_members import ForgetMembers
from services.engagement.handlers.hear_members import HearMembers
from services.engagement.handlers.keep_checkins import KeepCheckins
from shared.contracts.chat import MemberForgotten, MemberJoined, MemberLeft, MessageDeleted, MessagePosted
from shared.contracts.moderation import JoinWaveNoticed, MessageRemoved, MessageRestored
from shared.engine import Routes
from shared.i18n import Catalogue

TEXTS = Catalogue.load(Path(__file__).parent / "locale")


def routes(policy: CheckinPolicy | None = None) -> Routes:
    """The table of events; messages and what is decided about them share a handler and so its one load."""
    table = Routes()
    follow_channels = FollowChannels(TEXTS, AnswerSilence(TEXTS))
    table.on(MessagePosted, MemberJoined, MemberLeft, JoinWaveNoticed, to=follow_channels)
    keep_checkins = KeepCheckins(TEXTS, policy or CheckinPolicy())
    table.on(MessagePosted, MessageDeleted, MessageRemoved, MessageRestored, to=keep_checkins)
    table.on(MessagePosted, MemberJoined, MemberLeft, JoinWaveNoticed, to=HearMembers(TEXTS))
    table.on(MemberForgotten, to=ForgetMembers())
    return table
