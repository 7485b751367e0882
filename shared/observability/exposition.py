"""Serves the process's metrics to Prometheus on a port of their own, also while the event loop hangs."""

from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import start_http_server


@contextmanager
def metrics_served(host: str, port: int) -> Iterator[None]:
    """Listen in a thread until the block ends; raises OSError when the port is taken."""
    server, thread = start_http_server(port, host)
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)
