"""Keeps outgoing requests to public addresses: what was resolved and checked is connected to."""

import asyncio
import ipaddress
import socket

import httpx


class NotPublic(httpx.ConnectError):
    """The host has an address that is not public."""


class PublicTransport(httpx.AsyncBaseTransport):
    """Sends to public addresses only, unless `private_allowed`; redirects are never followed by it."""

    def __init__(self, *, private_allowed: bool = False) -> None:
        self._inner = httpx.AsyncHTTPTransport(trust_env=False)
        self._private_allowed = private_allowed

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Resolve, check, and connect to the address that was checked. Raises `NotPublic`."""
        if not self._private_allowed:
            host = request.url.host
            address = await _public_address(host, request.url.port or 443)
            # the certificate is still asked for by name, and the receiver still sees it
            request.extensions = {**request.extensions, "sni_hostname": host}
            request.url = request.url.copy_with(host=address)
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        """Close what is open."""
        await self._inner.aclose()


async def _public_address(host: str, port: int) -> str:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise httpx.ConnectError(f"{type(error).__name__}: the host has no address") from None
    addresses = [str(entry[4][0]) for entry in found]
    if not addresses or not all(_is_public(address) for address in addresses):
        raise NotPublic("the host has an address that is not public")
    return addresses[0]


def _is_public(address: str) -> bool:
    known = ipaddress.ip_address(address.partition("%")[0])
    mapped = getattr(known, "ipv4_mapped", None)
    return (mapped or known).is_global and not known.is_multicast
