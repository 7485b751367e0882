"""Which timers moderation sets, and who takes them when they are due."""

from pathlib import Path

from services.moderation.handlers.clean_members import CLEANING, CleanMembers
from services.moderation.handlers.end_sanctions import EndSanctions
from services.moderation.handlers.file_appeals import APPEAL_DUE
from services.moderation.handlers.forget_members import FORGET_MEMBERS, ForgetMembers
from services.moderation.handlers.remind_of_appeals import RemindOfAppeals
from services.moderation.handlers.remind_of_rules import RULE_REMINDER, RemindOfRules
from services.moderation.handlers.rulebooks import RuleBooks
from services.moderation.handlers.sanction_members import SANCTION_END
from shared.engine import Routes
from shared.i18n import Catalogue

TEXTS = Catalogue.load(Path(__file__).parent / "locale")


def add_timers(table: Routes, books: RuleBooks) -> Routes:
    """Complete the table of events with the timers."""
    table.on_timer(FORGET_MEMBERS, to=ForgetMembers(), cuts_history=False)
    table.on_timer(SANCTION_END, to=EndSanctions())
    table.on_timer(RULE_REMINDER, to=RemindOfRules(TEXTS, books), cuts_history=False)
    table.on_timer(CLEANING, to=CleanMembers(TEXTS))
    table.on_timer(APPEAL_DUE, to=RemindOfAppeals(TEXTS))
    return table
