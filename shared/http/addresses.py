"""Addresses that people gave: of machines that are public, or else nobody is asked."""

import asyncio
import ipaddress
import socket
from collections.abc import Collection, Iterator
from typing import NamedTuple
from urllib.parse import urlsplit

PORTS = {"https": 443, "http": 80}
NAT64 = ipaddress.ip_network("64:ff9b::/96")
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Forbidden(Exception):
    """The address is none that may be asked: of another scheme, or not public."""


class Pinned(NamedTuple):
    """A URL whose host is the address that was checked: the name cannot lead elsewhere a moment later."""

    url: str
    host: str
    """The `Host` header: the receiver still sees its name."""
    extensions: dict[str, str]
    """Of an httpx request: the certificate is still asked for by name."""


async def pin(url: str, *, schemes: Collection[str] = ("https",), private_allowed: bool = False) -> Pinned:
    """Look the name up once. Raises `Forbidden`, and `OSError` or `ValueError` where there is no such host.

    `private_allowed`: for networks where the receiver is a neighbour.
    """
    parts = urlsplit(url)
    if not parts.hostname or parts.scheme not in schemes:
        raise Forbidden(f"only {' and '.join(schemes)} is allowed")
    address = await _address(parts.hostname, parts.port or PORTS[parts.scheme], private_allowed)
    port = f":{parts.port}" if parts.port else ""
    host = f"[{address}]" if address.version == 6 else str(address)
    named = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    pinned = parts._replace(netloc=f"{host}{port}").geturl()
    return Pinned(pinned, f"{named}{port}", {"sni_hostname": parts.hostname})


def is_public(address: Address) -> bool:
    """Whether it is one of the open internet, also inside what wraps it."""
    return all(each.is_global and not each.is_multicast for each in _meant(address))


async def _address(host: str, port: int, private_allowed: bool) -> Address:
    """An address of the name; none of several may lie inside, so all are looked at."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [ipaddress.ip_address(str(each[4][0])) for each in found]
    if not private_allowed and not all(map(is_public, addresses)):
        raise Forbidden("the address is not public")
    return addresses[0]


def _meant(address: Address) -> Iterator[Address]:
    """The address, or those of version 4 that it wraps: `::ffff:10.0.0.1` is 10.0.0.1."""
    if isinstance(address, ipaddress.IPv4Address):
        yield address
        return
    if address in NAT64:
        yield ipaddress.IPv4Address(address.packed[-4:])
        return
    wrapped = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    inner = [each for each in wrapped if each is not None]
    yield from inner or [address]
