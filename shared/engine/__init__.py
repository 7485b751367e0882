"""Where events meet state: exactly-once effects over FastStream, aiokafka and Postgres.

A service sees only what is named here: handlers by event type on a batch, a unit of work, timers.
"""

from shared.engine.community import Community, load_community
from shared.engine.errors import Poison
from shared.engine.event import DueTimer, Event, Timer
from shared.engine.overlap import during
from shared.engine.requests import request_work
from shared.engine.routes import Handler, Routes, TimerHandler
from shared.engine.work import UnitOfWork

__all__ = [
    "Community",
    "DueTimer",
    "Event",
    "Handler",
    "Poison",
    "Routes",
    "Timer",
    "TimerHandler",
    "UnitOfWork",
    "during",
    "load_community",
    "request_work",
]
