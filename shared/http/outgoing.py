"""Requests to addresses that people gave: never to a machine that is not public, never after a redirect."""

import asyncio
import ipaddress
import socket
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

import httpx

TIMEOUT_SECONDS = 10.0
ANSWER_CHARACTERS_MAX = 200


class Forbidden(Exception):
    """The address is none that may be asked: not https, or not public."""


class Sent(NamedTuple):
    """What the other side answered."""

    status: int
    text: str
    """Its beginning, without line ends."""


async def post(url: str, body: bytes, headers: Mapping[str, str], *, private_allowed: bool = False) -> Sent:
    """Send once. Raises `Forbidden`, and `httpx.HTTPError` or `OSError` when nobody answers.

    The name is looked up once and the connection goes to the address that was checked, so that a name cannot
    lead elsewhere a moment later. `private_allowed`: for networks where the receiver is a neighbour.
    """
    parts = urlsplit(url)
    if parts.hostname is None or parts.scheme not in (("https", "http") if private_allowed else ("https",)):
        raise Forbidden("only https is allowed")
    address = await _address(parts.hostname, parts.port or (443 if parts.scheme == "https" else 80))
    if not private_allowed and not address.is_global:
        raise Forbidden("the address is not public")
    host = f"[{address}]" if address.version == 6 else str(address)
    port = f":{parts.port}" if parts.port else ""
    target = parts._replace(netloc=f"{host}{port}").geturl()
    async with httpx.AsyncClient(trust_env=False, timeout=TIMEOUT_SECONDS, follow_redirects=False) as client:
        answer = await client.post(
            target,
            content=body,
            headers={**headers, "host": f"{parts.hostname}{port}"},
            extensions={"sni_hostname": parts.hostname},
        )
    return Sent(answer.status_code, " ".join(answer.text.split())[:ANSWER_CHARACTERS_MAX])


def _unmapped(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """`::ffff:10.0.0.1` is 10.0.0.1."""
    return getattr(address, "ipv4_mapped", None) or address


async def _address(host: str, port: int) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """The first address of a name; none of several may lie inside, so all are looked at."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [_unmapped(ipaddress.ip_address(each[4][0])) for each in found]
    return next((each for each in addresses if not each.is_global), addresses[0])
