"""Which timers reporting sets, and who takes them when they are due."""

from pathlib import Path

from services.reporting.handlers.read_words import READ_WORDS, ReadWords
from services.reporting.handlers.report_timers import SEND_REPORT
from services.reporting.handlers.send_reports import SendReports
from shared.engine import Routes
from shared.i18n import Catalogue

TEXTS = Catalogue.load(Path(__file__).parent / "locale")


def add_timers(table: Routes) -> Routes:
    """Complete the table of events with the timers."""
    table.on_timer(READ_WORDS, to=ReadWords())
    table.on_timer(SEND_REPORT, to=SendReports(TEXTS))
    return table
