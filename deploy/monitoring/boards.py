"""The index of all boards."""

from deploy.local.roles import SERVICES
from deploy.monitoring.communities import COMMUNITIES
from deploy.monitoring.connectors_board import CONNECTORS
from deploy.monitoring.overview import OVERVIEW
from deploy.monitoring.panels import Board
from deploy.monitoring.service_board import service_board


def boards() -> list[Board]:
    """Overview, communities, connectors, then one for each service."""
    return [OVERVIEW, COMMUNITIES, CONNECTORS, *(service_board(service) for service in SERVICES)]
