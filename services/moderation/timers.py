"""Which timers moderation sets, and who takes them when they are due."""

from services.moderation.handlers.end_sanctions import EndSanctions
from services.moderation.handlers.forget_members import FORGET_MEMBERS, ForgetMembers
from services.moderation.handlers.sanction_members import SANCTION_END
from shared.engine import Routes


def add_timers(table: Routes) -> Routes:
    """Complete the table of events with the timers."""
    table.on_timer(FORGET_MEMBERS, to=ForgetMembers())
    table.on_timer(SANCTION_END, to=EndSanctions())
    return table
