"""Sanctions and members' records over HTTP: what a person overrules."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from shared.contracts.contract import Contract
from shared.contracts.envelope import read
from shared.contracts.registry import BY_TYPE
from shared.engine.community import Community, save_communities
from shared.engine.outbox import unpack_headers
from shared.postgres.connection import Pool
from tests.builders import at, posted, profile
from tests.moderation_http import asking, opened
from tests.moderation_world import MakeDatabase, World, fresh_effects

AD = "兼职日结，加 微 信 abc12345"
TEA = "/communities/tea"


@pytest.fixture
async def pool(service_database: MakeDatabase) -> AsyncIterator[Pool]:
    async with opened(service_database) as pool:
        yield pool


@pytest.fixture
async def client(pool: Pool) -> AsyncIterator[httpx.AsyncClient]:
    async with asking(pool) as client:
        yield client


async def live(pool: Pool, hours: float) -> None:
    """The community lives on an event clock that stands at this hour."""
    async with pool.acquire() as connection:
        community = Community(profile(), "event", at(hours=hours))
        await save_communities(connection, {"tea": (0, community)})


async def advertise(pool: Pool, *hours: float, member: str = "ann") -> World:
    """A member advertises at these hours: warned, then mute."""
    async with pool.acquire() as connection:
        world = World(connection, effects=fresh_effects())
        for hour in hours:
            moment = at(hours=hour)
            await world.handle(posted(AD, moment, message=f"{member}{hour}", member=member), real_time=moment)
    await live(pool, max(hours) + 0.5)
    return world


async def sanctions(client: httpx.AsyncClient, **query: Any) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await client.get(f"{TEA}/sanctions", params=query)).json()["items"]
    return items


async def said(pool: Pool) -> list[Contract]:
    """What requests announced, decoded."""
    rows = await pool.fetch("SELECT headers, payload FROM outbox ORDER BY lane, seq")
    decoded = []
    for row in rows:
        envelope, data = read(unpack_headers(row["headers"]), row["payload"])
        decoded.append(BY_TYPE[envelope.type].model_validate_json(data))
    return decoded


async def lift(client: httpx.AsyncClient, sanction_id: str, **headers: str) -> httpx.Response:
    body = {"reason": "误判"}
    return await client.post(f"{TEA}/sanctions/{sanction_id}/lift", json=body, headers=headers)


async def test_mutes_in_force_and_all_sanctions_are_listed(client: httpx.AsyncClient, pool: Pool) -> None:
    await advertise(pool, 0, 1)
    await advertise(pool, 0, member="ben")
    assert [(each["member_id"], each["step"]) for each in await sanctions(client)] == [("ann", "long_mute")]
    everything = await sanctions(client, state="all")
    assert len(everything) == 3
    assert len(await sanctions(client, state="all", member_id="ben")) == 1
    page = (await client.get(f"{TEA}/sanctions", params={"state": "all", "limit": 2})).json()
    rest = await sanctions(client, state="all", limit=2, cursor=page["next_cursor"])
    assert [each["sanction_id"] for each in page["items"] + rest] == [
        each["sanction_id"] for each in everything
    ]


async def test_who_lifts_a_mute_undoes_all_that_it_led_to(client: httpx.AsyncClient, pool: Pool) -> None:
    await advertise(pool, 0, 1)
    await pool.execute("SELECT ensure_outbox_day(current_date)")
    (mute,) = await sanctions(client)
    assert (await lift(client, mute["sanction_id"])).status_code == 204
    assert await sanctions(client) == []
    announced = {type(each).__name__: each for each in await said(pool)}
    assert set(announced) == {"SanctionLifted", "UnmuteMember", "SendMessage"}
    lifted: Any = announced["SanctionLifted"]
    assert (lifted.lifted_by, lifted.reason, lifted.member_id) == ("olga", "误判", "ann")
    told: Any = announced["SendMessage"]
    assert (told.member_id, told.channel_id) == ("ann", None)
    assert "撤销" in told.text
    record = (await client.get(f"{TEA}/members/ann/record")).json()
    assert record["points"] == 2
    assert [each["points_now"] for each in record["strikes"]] == [0, 2]


async def test_a_sanction_that_was_lifted_is_not_lifted_again(client: httpx.AsyncClient, pool: Pool) -> None:
    await advertise(pool, 0, 1)
    await pool.execute("SELECT ensure_outbox_day(current_date)")
    (mute,) = await sanctions(client)
    people = [f"op{number}" for number in range(3)]
    answers = await asyncio.gather(
        *(lift(client, mute["sanction_id"], **{"x-operator": each}) for each in people)
    )
    done = [number for number, answer in enumerate(answers) if answer.status_code == 204]
    assert len(done) == 1
    for number in {0, 1, 2} - set(done):
        assert answers[number].status_code == 409
        assert answers[number].json()["lifted_by"] == people[done[0]]
    assert len(await said(pool)) == 3


async def test_a_sanction_of_another_community_is_not_known(client: httpx.AsyncClient, pool: Pool) -> None:
    await advertise(pool, 0)
    (warning,) = await sanctions(client, state="all")
    answer = await client.post(
        f"/communities/club/sanctions/{warning['sanction_id']}/lift", json={"reason": "x"}
    )
    assert answer.status_code == 404


@pytest.mark.parametrize(
    ("body", "operator"),
    [({}, "olga"), ({"reason": " "}, "olga"), ({"reason": "x"}, ""), ({"reason": "x", "y": 1}, "o")],
)
async def test_a_lift_says_who_and_why(
    client: httpx.AsyncClient, pool: Pool, body: dict[str, Any], operator: str
) -> None:
    await advertise(pool, 0, 1)
    (mute,) = await sanctions(client)
    path = f"{TEA}/sanctions/{mute['sanction_id']}/lift"
    answer = await client.post(path, json=body, headers={"x-operator": operator})
    assert answer.status_code == 422
    assert len(await sanctions(client)) == 1


async def test_a_record_tells_all_of_a_member(client: httpx.AsyncClient, pool: Pool) -> None:
    await advertise(pool, 0, 1)
    record = (await client.get(f"{TEA}/members/ann/record")).json()
    assert (record["points"], record["next_step"], record["is_new"]) == (4, "removal", True)
    assert [len(record[kind]) for kind in ("strikes", "sanctions", "cases", "removals")] == [2, 2, 2, 2]
    await live(pool, 24 * 31)
    later = (await client.get(f"{TEA}/members/ann/record")).json()
    assert later["points"] == 2
    nobody = (await client.get(f"{TEA}/members/zoe/record")).json()
    assert (nobody["points"], nobody["strikes"], nobody["first_at"]) == (0, [], None)


async def test_an_id_with_a_slash_is_an_id(client: httpx.AsyncClient, pool: Pool) -> None:
    await advertise(pool, 0, member="irc/ann")
    record = (await client.get(f"{TEA}/members/irc%2Fann/record")).json()
    assert (record["member_id"], record["points"]) == ("irc/ann", 2)
