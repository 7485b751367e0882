"""Ports on the loopback: the usual one when free, else one outside the range of outgoing connections."""

import random
import socket

HOST = "127.0.0.1"
# Below the range from which the kernel takes source ports: a client that retries a stopped server's port
# could otherwise connect to itself and keep the port from the server that comes back.
SPARE_PORTS = range(20_000, 30_000)
ATTEMPTS = 200
_handed_out: set[int] = set()
"""Spare ports that this process chose before: whoever got one may not listen on it yet."""


def is_free(port: int) -> bool:
    """Whether a server could listen there now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def is_listening(port: int, host: str = HOST) -> bool:
    """Whether somebody accepts connections there."""
    try:
        socket.create_connection((host, port), timeout=1).close()
    except OSError:
        return False
    return True


def choose_port(usual: int | None = None, taken: frozenset[int] = frozenset()) -> int:
    """The usual port when it is free and not in `taken`, else a random spare one, never one twice."""
    if usual is not None and usual not in taken and is_free(usual):
        return usual
    for port in random.sample(SPARE_PORTS, ATTEMPTS):
        if port not in taken | _handed_out and is_free(port):
            _handed_out.add(port)
            return port
    raise RuntimeError(f"no free port among {ATTEMPTS} tried in {SPARE_PORTS}")
