"""`Idempotency-Key` on a real database: what is sent twice is done once, also when both come at once."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from shared.http.idempotency import REPLAYED
from tests.builders import posted
from tests.moderation_case_desk import AD, CaseDesk, opened
from tests.moderation_world import MakeDatabase


@pytest.fixture
async def desk(service_database: MakeDatabase) -> AsyncIterator[CaseDesk]:
    """A case that may be judged."""
    async with opened(service_database) as desk:
        await desk.world.handle(posted(AD))
        yield desk


async def path_of(desk: CaseDesk) -> str:
    """The route of the verdict on the only case."""
    (case_id,) = await desk.case_ids(state="all")
    return f"/cases/{case_id}/verdict"


async def test_the_same_again_has_the_same_answer_and_does_nothing(desk: CaseDesk) -> None:
    path = await path_of(desk)
    first = await desk.post(path, key="k", version=1, verdict="overturned")
    again = await desk.post(path, key="k", version=1, verdict="overturned")
    assert (first.status_code, again.status_code) == (200, 200)
    assert again.json() == first.json()
    assert (first.headers.get(REPLAYED), again.headers.get(REPLAYED)) == (None, "true")
    assert len(await desk.announced("case.resolved")) == 1


async def test_two_at_once_are_done_once_and_answered_alike(desk: CaseDesk) -> None:
    path = await path_of(desk)
    answers = await asyncio.gather(
        *(desk.post(path, key="k", version=1, verdict="overturned") for _ in range(3))
    )
    assert [each.status_code for each in answers] == [200] * 3
    assert len({each.text for each in answers}) == 1
    assert len(await desk.announced("case.resolved")) == 1


async def test_a_key_is_for_one_request(desk: CaseDesk) -> None:
    path = await path_of(desk)
    await desk.post(path, key="k", version=1, verdict="overturned")
    other = await desk.post(path, key="k", version=2, verdict="confirmed")
    assert other.status_code == 422
    assert other.json()["type"] == "urn:hearth:problem:idempotency-key-reused"
    assert (await desk.post(path, "op2", key="k", version=2, verdict="confirmed")).status_code == 200


async def test_a_refusal_is_not_kept(desk: CaseDesk) -> None:
    path = await path_of(desk)
    assert (await desk.post(path, key="k", version=2, verdict="confirmed")).status_code == 409
    await desk.post(path.replace("verdict", "notes"), version=1, note="x")
    assert (await desk.post(path, key="k", version=2, verdict="confirmed")).status_code == 200


async def test_a_day_later_the_key_is_free(desk: CaseDesk) -> None:
    path = await path_of(desk)
    await desk.post(path, key="k", version=1, verdict="overturned")
    await desk.pool.execute("UPDATE request_answer SET answered_at = answered_at - interval '25 hours'")
    assert (await desk.post(path, key="k", version=1, verdict="overturned")).status_code == 409


async def test_without_a_key_each_is_its_own(desk: CaseDesk) -> None:
    path = await path_of(desk)
    assert (await desk.post(path, version=1, verdict="overturned")).status_code == 200
    assert (await desk.post(path, version=1, verdict="overturned")).status_code == 409
    assert await desk.pool.fetchval("SELECT count(*) FROM request_answer") == 0


@pytest.mark.parametrize("key", ["", "x" * 256])
async def test_a_bad_key_is_refused(desk: CaseDesk, key: str) -> None:
    answer = await desk.client.post(
        await path_of(desk), json={"version": 1, "verdict": "confirmed"},
        headers={"x-operator": "op1", "idempotency-key": key},
    )  # fmt: skip
    assert answer.status_code == 422
