"""Which timers engagement sets, and who takes them when they are due."""

from services.engagement.handlers.forget_verdicts import ForgetVerdicts
from services.engagement.handlers.keep_checkins import FORGET_VERDICTS
from shared.engine import Routes


def add_timers(table: Routes) -> Routes:
    """Complete the table of events with the timers."""
    table.on_timer(FORGET_VERDICTS, to=ForgetVerdicts())
    return table
