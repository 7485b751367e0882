"""Hands gifts over by a signed webhook: outside of any transaction, tried again with longer pauses."""

import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import httpx

from services.rewards import metrics
from services.rewards.handlers.addresses import AddressBook, NoAddresses
from services.rewards.handlers.handing_over import handed_over
from services.rewards.store import fulfilments
from shared.engine import request_work
from shared.http.outgoing import Forbidden, Sent, post
from shared.postgres.connection import Pool

AT_ONCE = 20
LEASE = timedelta(minutes=2)
PAUSE_MIN, PAUSE_MAX = timedelta(seconds=30), timedelta(hours=4)
GIVEN_UP_AFTER = timedelta(days=7)
PROOF_CHARACTERS_MAX = 500
TRIED_AGAIN = frozenset({408, 425, 429})


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where gifts are ordered, and the secret by which the receiver knows us."""

    url: str
    secret: bytes
    private_allowed: bool = False

    async def send(self, body: bytes, key: str, now: datetime) -> Sent:
        """One attempt. `X-Hearth-Signature` is hex HMAC-SHA256 of `<timestamp>.<body>`."""
        stamp = str(int(now.timestamp()))
        headers = {
            "content-type": "application/json",
            "idempotency-key": key,
            "x-hearth-timestamp": stamp,
            "x-hearth-signature": sign(self.secret, stamp, body),
        }
        return await post(self.url, body, headers, private_allowed=self.private_allowed)


def sign(secret: bytes, stamp: str, body: bytes) -> str:
    """The signature of a body at a moment."""
    return hmac.new(secret, stamp.encode() + b"." + body, hashlib.sha256).hexdigest()


@dataclass(frozen=True, slots=True)
class DeliverGifts:
    """Takes what is due; a process that dies in the middle leaves it to the next, who sends the same key."""

    pool: Pool
    webhook: Webhook
    addresses: AddressBook

    async def __call__(self, now: datetime) -> int:
        """Try each that is due once; returns how many."""
        tried = 0
        while due := await self._due(now):
            for identifier in due:
                await self._deliver(identifier, now)
            tried += len(due)
        return tried

    async def _due(self, now: datetime) -> Sequence[UUID]:
        async with self.pool.acquire() as connection:
            return await fulfilments.lease(connection, now, now + LEASE, AT_ONCE)

    async def _deliver(self, identifier: UUID, now: datetime) -> None:
        async with self.pool.acquire() as connection:
            row = await fulfilments.load(connection, identifier)
        if row is None or row["state"] != "waiting":
            return
        try:
            answer = await self.webhook.send(self._body(row), str(identifier), now)
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError, Forbidden, NoAddresses) as error:
            await self._failed(row, now, type(error).__name__, final=False)
            return
        if answer.is_success:
            async with request_work(self.pool, "rewards", row["community_id"]) as work:
                await handed_over(work, row, now, "webhook", _proof(answer))
            return
        final = 400 <= answer.status < 500 and answer.status not in TRIED_AGAIN
        await self._failed(row, now, f"status {answer.status}", final=final)

    def _body(self, row: Any) -> bytes:
        """Names the gift and the member; the address only where there is one."""
        content = {
            "fulfilment_id": str(row["fulfilment_id"]),
            "community_id": row["community_id"],
            "member_id": row["member_id"],
            "gift_id": row["gift_id"],
            "gift_kind": row["kind"],
            "gift_name": row["name"],
            "source": row["source"],
            "source_id": row["source_id"],
        }
        if row["address"] is not None:
            content["address"] = self.addresses.open(row["address"])
        return json.dumps(content, ensure_ascii=False, sort_keys=True).encode("utf-8", "replace")

    async def _failed(self, row: Any, now: datetime, error: str, *, final: bool) -> None:
        dead = final or now - row["created_at"] > GIVEN_UP_AFTER
        pause = min(PAUSE_MAX, PAUSE_MIN * 2 ** min(row["attempts"] - 1, 20))
        metrics.FULFILMENT_FAILURES.labels("dead" if dead else "retry").inc()
        async with self.pool.acquire() as connection:
            await fulfilments.fail(connection, row["fulfilment_id"], now + pause, error, dead=dead)


def _proof(answer: Sent) -> str:
    """What the receiver names as its own: the `proof` of a JSON answer, else its status."""
    try:
        told = json.loads(answer.body)
    except ValueError:
        told = None
    proof = told.get("proof") if isinstance(told, dict) else None
    shown = proof if isinstance(proof, str) else f"status {answer.status}"
    return shown.replace("\x00", "")[:PROOF_CHARACTERS_MAX]
