"""Brings reports to webhooks, signed, again and again until they are there or given up.

A delivery has one id for ever: who receives it twice can tell. Headers and signature are those of Standard
Webhooks (https://www.standardwebhooks.com): HMAC-SHA256 over `id.timestamp.body`.
"""

import asyncio
import base64
import hmac
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

import httpx
import structlog

from services.reporting import metrics
from services.reporting.store import sent as store
from services.reporting.store.sent import Delivery
from shared.http.outgoing import Forbidden, post
from shared.postgres.connection import Pool

AT_ONCE = 10
ATTEMPTS_MAX = 12
"""With pauses that double from 30 s: some nine hours."""
log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class DeliverReports:
    """The one part of reporting that speaks to the outside; every replica may run it."""

    pool: Pool
    private_allowed: bool = False

    async def __call__(self, now: datetime) -> int:
        """Everything that is due; returns how many were tried."""
        async with self.pool.acquire() as connection:
            due = await store.take_deliveries(connection, now, AT_ONCE)
        await asyncio.gather(*(self._bring(each, now) for each in due))
        return len(due)

    async def _bring(self, delivery: Delivery, now: datetime) -> None:
        answer, state = await self._try(delivery, now)
        if state is None and delivery.attempts >= ATTEMPTS_MAX:
            state = "given_up"
        async with self.pool.acquire() as connection:
            await store.note_answer(connection, delivery.delivery_id, state, answer)
        metrics.DELIVERIES.labels(state or "again").inc()
        if state != "done":
            log.warning(
                "a report did not reach its webhook", action="delivery_failed",
                community_id=delivery.community_id, attempts=delivery.attempts, answer=answer,
            )  # fmt: skip

    async def _try(self, delivery: Delivery, now: datetime) -> tuple[str, str | None]:
        """What to remember of the answer, and the state that follows; None: try again."""
        if delivery.url is None:
            return "no webhook is set any more", "given_up"
        body = delivery.body.encode()
        try:
            sent = await post(
                delivery.url, body, signed(delivery, body, now), private_allowed=self.private_allowed
            )
        except Forbidden as refusal:
            return str(refusal), "given_up"
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            return type(error).__name__, None
        return f"{sent.status}", "done" if sent.is_success else None


def signed(delivery: Delivery, body: bytes, now: datetime) -> dict[str, str]:
    """Headers of a delivery; without a secret it goes unsigned."""
    moment = str(int(now.timestamp()))
    headers = {
        "content-type": "application/json",
        "webhook-id": delivery.delivery_id,
        "webhook-timestamp": moment,
    }
    if delivery.secret:
        content = b".".join([delivery.delivery_id.encode(), moment.encode(), body])
        digest = hmac.new(delivery.secret.encode(), content, sha256).digest()
        headers["webhook-signature"] = f"v1,{base64.b64encode(digest).decode()}"
    return headers
