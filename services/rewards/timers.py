"""Which timers rewards sets, and who takes them when they are due."""

from services.rewards.handlers.close_months import CloseMonths
from services.rewards.handlers.opening import MONTH_CLOSE
from shared.engine import Routes


def add_timers(table: Routes) -> Routes:
    """Complete the table of events with the timers."""
    table.on_timer(MONTH_CLOSE, to=CloseMonths())
    return table
