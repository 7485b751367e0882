"""`Idempotency-Key`: a request sent again with its key gets the same answer and does nothing a second time.

A refusal is not kept, as it did nothing: the same request may succeed later.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated, TypeAlias

from fastapi import Depends, Header, Request
from pydantic import BaseModel
from starlette.responses import Response

from shared.engine.answers import Answer, Name, OtherRequest, earlier_answer, keep_answer
from shared.engine.work import UnitOfWork
from shared.http.operator import HEADER
from shared.http.problems import Kind, Refusal, refuse

REPLAYED = "idempotency-replayed"


@dataclass(frozen=True, slots=True)
class Once:
    """What tells a request from others: who sends it, its key, and a digest of what it asks."""

    actor: str
    key: str | None
    digest: bytes

    @property
    def name(self) -> Name | None:
        """By which its answer is kept, if it has a key."""
        return None if self.key is None else (self.actor, self.key)

    async def answer(
        self, work: UnitOfWork, act: Callable[[], Awaitable[BaseModel]], status: int = 200
    ) -> Response:
        """Do it inside the unit of work and answer, or answer as before; without a key just do it.

        Raises a refusal when the key was used for another request, and whatever `act` raises.
        """
        if self.key is None:
            return _response(Answer(status, (await act()).model_dump_json()))
        try:
            earlier = await earlier_answer(work, self.actor, self.key, self.digest)
        except OtherRequest:
            raise _reused() from None
        if earlier is not None:
            return _response(earlier, {REPLAYED: "true"})
        answer = Answer(status, (await act()).model_dump_json())
        await keep_answer(work, self.actor, self.key, answer)
        return _response(answer)


async def _once(
    request: Request,
    idempotency_key: Annotated[str | None, Header(min_length=1, max_length=255)] = None,
) -> Once:
    told = (request.method, request.url.path, request.url.query)
    digest = sha256("\n".join(told).encode("utf-8", "surrogatepass") + b"\n" + await request.body())
    return Once(request.headers.get(HEADER, ""), idempotency_key, digest.digest())


OnceOnly: TypeAlias = Annotated[Once, Depends(_once)]
"""A route's parameter: the request's `Idempotency-Key`, if it has one."""


def told(outcome: Answer | Refusal | OtherRequest, *, again: bool = False) -> Response | Refusal:
    """What the caller of one request among many is told; `again`: it was answered before."""
    if isinstance(outcome, Answer):
        return _response(outcome, {REPLAYED: "true"} if again else None)
    return _reused() if isinstance(outcome, OtherRequest) else outcome


def _reused() -> Refusal:
    return refuse("idempotency-key-reused", Kind.INVALID)


def _response(answer: Answer, headers: dict[str, str] | None = None) -> Response:
    return Response(answer.body, answer.status, headers, "application/json")
