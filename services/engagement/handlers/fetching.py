"""Fetches over HTTP what others publish: bounded in time and size, from public addresses alone."""

import asyncio
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urljoin, urlsplit

import feedparser
import httpx

from services.engagement.domain.outside import ITEMS_MAX, Outside, Unreadable, clean, drafts_of
from shared.http.addresses import Forbidden, Pinned, pin

SECONDS_MAX = 15.0
BYTES_MAX = 2 * 1024 * 1024
REDIRECTS_MAX = 3
AGENT = {"user-agent": "hearth-engagement", "accept-encoding": "identity"}


class BadAddress(ValueError):
    """No http address of the open internet."""


class Fetched(NamedTuple):
    """An answer; `body` is None when nothing changed since."""

    body: bytes | None
    etag: str | None
    modified: str | None


async def fetch(url: str, outside: Outside, etag: str | None = None, modified: str | None = None) -> Fetched:
    """Raises `BadAddress`, `Unreadable` for what is too large or an error, and `httpx.HTTPError`."""
    headers = dict(AGENT)
    if etag:
        headers["if-none-match"] = etag
    if modified:
        headers["if-modified-since"] = modified
    try:
        async with asyncio.timeout(SECONDS_MAX), httpx.AsyncClient(trust_env=False) as client:
            for _ in range(REDIRECTS_MAX + 1):
                answer = await _once(client, url, headers, outside)
                if isinstance(answer, Fetched):
                    return answer
                url = urljoin(url, answer)
    except TimeoutError as error:
        raise Unreadable("it took too long") from error
    raise Unreadable("too many redirects")


async def _once(
    client: httpx.AsyncClient, url: str, headers: Mapping[str, str], outside: Outside
) -> Fetched | str:
    """One request to the address that was looked at, so that no second look-up leads elsewhere."""
    to = await resolve(url, outside)
    request = client.build_request(
        "GET", to.url, headers={**headers, "host": to.host}, extensions=to.extensions
    )
    answer = await client.send(request, stream=True)
    try:
        if answer.status_code == 304:
            return Fetched(None, None, None)
        if answer.is_redirect:
            return str(answer.headers.get("location", ""))
        if answer.status_code != 200:
            raise Unreadable(f"status {answer.status_code}")
        body = bytearray()
        async for part in answer.aiter_raw():
            body += part
            if len(body) > BYTES_MAX:
                raise Unreadable(f"over {BYTES_MAX} bytes")
        return Fetched(bytes(body), answer.headers.get("etag"), answer.headers.get("last-modified"))
    finally:
        await answer.aclose()


async def resolve(url: str, outside: Outside) -> Pinned:
    """The address behind a URL, if it may be asked. Raises `BadAddress`."""
    try:
        if urlsplit(url).username:
            raise BadAddress(url)
        return await pin(url, schemes=("https", "http"), private_allowed=outside.private)
    except (Forbidden, OSError, ValueError) as error:
        raise BadAddress(url) from error


async def feed_titles(body: bytes) -> list[str]:
    """Titles of a feed (RSS, Atom). Raises `Unreadable` for what is none; parsed beside the loop."""
    known: Any = await asyncio.to_thread(feedparser.parse, body, sanitize_html=True)
    titles = [clean(entry.get("title")) for entry in known.get("entries", [])[:ITEMS_MAX]]
    found = list(dict.fromkeys(title for title in titles if title))
    if not found:
        raise Unreadable("no feed, or an empty one")
    return found


async def draft(prompt: str, count: int, outside: Outside) -> list[str]:
    """Topics that a language model drafts; nothing where there is none, or it answers late or nonsense."""
    if not outside.drafts_url:
        return []
    asked = {"model": outside.drafts_model, "messages": [{"role": "user", "content": prompt}]}
    headers = {"authorization": f"Bearer {outside.drafts_token}"} if outside.drafts_token else {}
    try:
        async with asyncio.timeout(SECONDS_MAX), httpx.AsyncClient(trust_env=False) as client:
            answer = await client.post(outside.drafts_url, json=asked, headers=headers, timeout=SECONDS_MAX)
            known = answer.json() if len(answer.content) <= BYTES_MAX and answer.is_success else None
    except (TimeoutError, httpx.HTTPError, ValueError, RecursionError):
        return []
    return drafts_of(known, count)
