"""Requests to addresses that people gave: never to a machine that is not public, never after a redirect."""

import asyncio
import ipaddress
import socket
from collections.abc import Iterator, Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

import httpx

TIMEOUT_SECONDS = 15.0
"""For all of it: a receiver that answers a byte now and then holds nobody."""
ANSWER_BYTES_MAX = 16_384
NAT64 = ipaddress.ip_network("64:ff9b::/96")
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Forbidden(Exception):
    """The address is none that may be asked: not https, or not public."""


class Sent(NamedTuple):
    """What the other side answered."""

    status: int
    body: bytes
    """Its beginning."""

    @property
    def is_success(self) -> bool:
        """Whether it was taken."""
        return 200 <= self.status < 300


async def post(url: str, body: bytes, headers: Mapping[str, str], *, private_allowed: bool = False) -> Sent:
    """Send once. Raises `Forbidden`, and `httpx.HTTPError`, `httpx.InvalidURL`, `ValueError` or `OSError`
    (`TimeoutError` is one) when nobody answers.

    The name is looked up once and the connection goes to the address that was checked, so that a name cannot
    lead elsewhere a moment later. `private_allowed`: for networks where the receiver is a neighbour.
    """
    async with asyncio.timeout(TIMEOUT_SECONDS):
        parts = urlsplit(url)
        if parts.hostname is None or parts.scheme not in (
            ("https", "http") if private_allowed else ("https",)
        ):
            raise Forbidden("only https is allowed")
        address = await _address(
            parts.hostname, parts.port or (443 if parts.scheme == "https" else 80), private_allowed
        )
        host = f"[{address}]" if address.version == 6 else str(address)
        port = f":{parts.port}" if parts.port else ""
        target = parts._replace(netloc=f"{host}{port}").geturl()
        # the certificate is still asked for by name, and the receiver still sees it
        named = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        told = {**headers, "host": f"{named}{port}", "accept-encoding": "identity"}
        return await _send(target, body, told, parts.hostname)


async def _send(url: str, body: bytes, headers: Mapping[str, str], name: str) -> Sent:
    extensions = {"sni_hostname": name}
    async with (
        httpx.AsyncClient(trust_env=False, timeout=TIMEOUT_SECONDS, follow_redirects=False) as client,
        client.stream("POST", url, content=body, headers=dict(headers), extensions=extensions) as answer,
    ):
        begins = b""
        async for piece in answer.aiter_raw():
            begins += piece
            if len(begins) >= ANSWER_BYTES_MAX:
                break
        return Sent(answer.status_code, begins[:ANSWER_BYTES_MAX])


async def _address(host: str, port: int, private_allowed: bool) -> Address:
    """An address of the name; none of several may lie inside, so all are looked at. Raises `Forbidden`."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [ipaddress.ip_address(str(each[4][0])) for each in found]
    if not private_allowed and not all(_is_public(address) for address in addresses):
        raise Forbidden("the address is not public")
    return addresses[0]


def _is_public(address: Address) -> bool:
    return all(each.is_global and not each.is_multicast for each in _meant(address))


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
