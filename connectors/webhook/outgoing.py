"""Requests to addresses that were configured: never to a private network unless that was allowed by name."""

import asyncio
import ipaddress
import socket
from urllib.parse import urlsplit

from connectors.sdk.outcomes import Refused, Unreachable

RESOLVE_SECONDS_MAX = 5.0
PORTS = {"https": 443, "http": 80}


async def check_address(url: str, private_allowed: bool) -> None:
    """Raises Refused when any address of the host is not public, Unreachable when it has none now."""
    if private_allowed:
        return
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or PORTS[parts.scheme]
    try:
        async with asyncio.timeout(RESOLVE_SECONDS_MAX):
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, TimeoutError, UnicodeError) as error:
        raise Unreachable(f"the host of commands_url is not found: {type(error).__name__}") from None
    if not all(ipaddress.ip_address(str(address[0]).partition("%")[0]).is_global for *_, address in found):
        raise Refused("commands_url leads to an address that is not public")
