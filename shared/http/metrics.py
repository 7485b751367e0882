"""What a process says about its HTTP and its connections to the database."""

from shared.observability.metrics import counter, gauge, histogram

CLASSES = ("2xx", "3xx", "4xx", "5xx")

REQUESTS = counter(
    "hearth_http_requests_total",
    "Requests answered, by the class of their status; health checks are not counted.",
    {"status": CLASSES},
)
REQUEST_SECONDS = histogram(
    "hearth_http_request_seconds",
    "Time from a request's first byte to its answer's last; not of health checks.",
)
CONNECTIONS = gauge(
    "hearth_database_connections", "Connections of the pool, by what they do.", {"state": ("busy", "idle")}
)
CONNECTIONS_MAX = gauge("hearth_database_connections_max", "How many connections the pool may have.")
READY = gauge("hearth_ready", "Whether events are being consumed: 1 or 0. The database is not asked.")


def status_class(status: int) -> str:
    """`2xx` of 204."""
    return f"{status // 100}xx"
