"""Requests of one kind that come at the same time share a transaction, which waits for the disk once for all.

While one transaction runs, those that come meanwhile gather for the next: a single request never waits for
others to come, and the busier it gets, the less each costs.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar

import asyncpg
from pydantic import BaseModel
from starlette.responses import Response

from shared.engine.answers import Answer, Name, earlier_answers, keep_answers
from shared.engine.requests import request_work
from shared.engine.work import UnitOfWork
from shared.http.dependencies import is_dependency_away
from shared.http.idempotency import Once, told
from shared.http.problems import Kind, Refusal, refuse
from shared.postgres.connection import Pool

AT_ONCE_MAX = 50
WAITING_MAX = 2_000
"""Of one entity; whoever comes then is told to come again."""
DEADLOCKS_MAX = 3

Wish = TypeVar("Wish")
Outcome: TypeAlias = BaseModel | Refusal
Act: TypeAlias = Callable[[UnitOfWork, str, Sequence[Wish]], Awaitable[Sequence[Outcome]]]
"""Does what an entity's requests wish; for each the answer or the refusal. A refused one leaves nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class _Request(Generic[Wish]):
    wish: Wish
    once: Once
    answer: asyncio.Future[Response]


class Gathering(Generic[Wish]):
    """Answers requests about an entity in the order in which they come, many in one transaction."""

    def __init__(self, pool: Pool, service: str, act: Act[Wish], status: int = 200) -> None:
        self._pool = pool
        self._service = service
        self._act = act
        self._status = status
        self._waiting: dict[str, deque[_Request[Wish]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def ask(self, entity: str, wish: Wish, once: Once) -> Response:
        """The answer. Raises the refusal, or what went wrong."""
        request = _Request(wish, once, asyncio.get_running_loop().create_future())
        queue = self._waiting.get(entity)
        if queue is None:
            self._waiting[entity] = deque([request])
            task = asyncio.create_task(self._work_off(entity))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        elif len(queue) >= WAITING_MAX:
            raise refuse("too-many-waiting", Kind.UNAVAILABLE, headers={"retry-after": "5"})
        else:
            queue.append(request)
        return await request.answer

    async def _work_off(self, entity: str) -> None:
        queue = self._waiting[entity]
        while queue:
            await self._together(entity, _next(queue))
        del self._waiting[entity]

    async def _together(self, entity: str, requests: Sequence[_Request[Wish]]) -> None:
        """Settle them; when something goes wrong that may be the fault of one, each alone."""
        try:
            outcomes = await self._settled(entity, requests)
        except Exception as error:
            if len(requests) > 1 and not is_dependency_away(error):
                for each in requests:
                    await self._together(entity, [each])
                return
            outcomes = [error] * len(requests)
        for request, outcome in zip(requests, outcomes, strict=True):
            if request.answer.done():
                continue  # whoever asked is gone
            if isinstance(outcome, Exception):
                request.answer.set_exception(outcome)
            else:
                request.answer.set_result(outcome)

    async def _settled(
        self, entity: str, requests: Sequence[_Request[Wish]]
    ) -> Sequence[Response | Exception]:
        for _ in range(DEADLOCKS_MAX):
            try:
                return await self._answers(entity, requests)
            except asyncpg.DeadlockDetectedError:
                continue  # the other one got its way
        return await self._answers(entity, requests)

    async def _answers(
        self, entity: str, requests: Sequence[_Request[Wish]]
    ) -> Sequence[Response | Exception]:
        async with request_work(self._pool, self._service, entity) as work:
            asked = {name: each.once.digest for each in requests if (name := each.once.name) is not None}
            before = await earlier_answers(work, asked)
            fresh = [each for each in requests if each.once.name not in before]
            made = await self._act(work, entity, [each.wish for each in fresh]) if fresh else ()
            outcomes = {each: self._outcome(one) for each, one in zip(fresh, made, strict=True)}
            kept = {
                each.once.name: one
                for each, one in outcomes.items()
                if each.once.name is not None and isinstance(one, Answer)
            }
            await keep_answers(work, kept, asked.keys() - before.keys() - kept.keys())
        earlier = {each: before[name] for each in requests if (name := each.once.name) in before and name}
        return [
            told(earlier[each], again=True) if each in earlier else told(outcomes[each]) for each in requests
        ]

    def _outcome(self, made: Outcome) -> Answer | Refusal:
        return made if isinstance(made, Refusal) else Answer(self._status, made.model_dump_json())


def _next(queue: deque[_Request[Wish]]) -> list[_Request[Wish]]:
    """Those that wait longest; the same key a second time has to see the first one's answer."""
    taken: list[_Request[Wish]] = []
    names: set[Name] = set()
    while queue and len(taken) < AT_ONCE_MAX and queue[0].once.name not in names:
        taken.append(queue.popleft())
        if (name := taken[-1].once.name) is not None:
            names.add(name)
    return taken
