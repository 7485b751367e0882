"""Which timers reporting sets: none, for a report is made when somebody asks for it."""

from shared.engine import Routes


def add_timers(table: Routes) -> Routes:
    """Complete the table of events with the timers."""
    return table
