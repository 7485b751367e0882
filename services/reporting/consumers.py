"""Which event goes to which handler."""

from services.reporting.handlers.read_facts import FACTS
from services.reporting.handlers.record_facts import RecordFacts
from shared.contracts.chat import MemberForgotten
from shared.engine import Routes


def routes() -> Routes:
    """Every fact of every topic, to one handler, and with them who is to be forgotten."""
    routes = Routes()
    routes.on(*FACTS, MemberForgotten, to=RecordFacts())
    return routes
