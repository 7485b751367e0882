"""Which timers engagement sets, and who takes them when they are due."""

from pathlib import Path

from services.engagement.handlers.announce_gatherings import (
    ANNOUNCE_GATHERING,
    RUN_SESSION,
    AnnounceGatherings,
    RunSessions,
)
from services.engagement.handlers.answer_silence import AnswerSilence
from services.engagement.handlers.care_for_members import CARE_DAILY, CareForMembers
from services.engagement.handlers.check_questions import CheckQuestions
from services.engagement.handlers.close_forms import CLOSE_FORM, CloseForms
from services.engagement.handlers.follow_channels import LEARN_HOURS
from services.engagement.handlers.foreseeing import LOOK_FOR_SILENCE
from services.engagement.handlers.forget_verdicts import ForgetVerdicts
from services.engagement.handlers.greet_newcomers import GreetNewcomers, WatchIntroductions
from services.engagement.handlers.keep_checkins import FORGET_VERDICTS
from services.engagement.handlers.learn_hours import LearnHours
from services.engagement.handlers.look_for_silence import LookForSilence
from services.engagement.handlers.newcomers import GREET_NEWCOMERS, WATCH_INTRODUCTION
from services.engagement.handlers.posting import POST_DUE
from services.engagement.handlers.publish_calendar import CALENDAR_DUE, PublishCalendar
from services.engagement.handlers.questions import CHECK_QUESTIONS
from services.engagement.handlers.review_members import REVIEW_MEMBERS, ReviewMembers
from services.engagement.handlers.send_posts import SendPosts
from shared.engine import Routes
from shared.i18n import Catalogue

TEXTS = Catalogue.load(Path(__file__).parent / "locale")


def add_timers(table: Routes) -> Routes:
    """Complete the table of events with the timers."""
    table.on_timer(FORGET_VERDICTS, to=ForgetVerdicts())
    table.on_timer(LEARN_HOURS, to=LearnHours())
    table.on_timer(LOOK_FOR_SILENCE, to=LookForSilence(AnswerSilence(TEXTS)), foreseen=True)
    table.on_timer(POST_DUE, to=SendPosts())
    table.on_timer(GREET_NEWCOMERS, to=GreetNewcomers(TEXTS))
    table.on_timer(WATCH_INTRODUCTION, to=WatchIntroductions(TEXTS))
    table.on_timer(CHECK_QUESTIONS, to=CheckQuestions(TEXTS), cuts_history=False, together=True)
    table.on_timer(REVIEW_MEMBERS, to=ReviewMembers(TEXTS))
    table.on_timer(ANNOUNCE_GATHERING, to=AnnounceGatherings(TEXTS))
    table.on_timer(RUN_SESSION, to=RunSessions(TEXTS))
    table.on_timer(CLOSE_FORM, to=CloseForms(TEXTS))
    table.on_timer(CALENDAR_DUE, to=PublishCalendar(TEXTS))
    table.on_timer(CARE_DAILY, to=CareForMembers(TEXTS))
    return table
