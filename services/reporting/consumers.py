"""Which event goes to which handler."""

from services.reporting.handlers.read_facts import FACTS
from services.reporting.handlers.record_facts import RecordFacts
from shared.engine import Routes


def routes() -> Routes:
    """Every fact of every topic, to one handler."""
    routes = Routes()
    routes.on(*FACTS, to=RecordFacts())
    return routes
