"""Lurkers and cleaning (潜水清理) on a real database: look, plan, confirm, paced removals, receipts."""

import json
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import httpx
import pytest
from pydantic import SecretStr

from services.moderation import api
from services.moderation.handlers.clean_members import CLEANING
from shared.contracts.chat import MemberJoined, MemberLeft, MemberUpdated, ReactionAdded
from shared.contracts.commands import CommandExecuted, CommandFailed
from shared.contracts.profiles import Channel
from shared.engine import Timer
from shared.http.application import guarded_application, include_guarded
from shared.postgres.connection import Pool
from shared.postgres.pool import open_pool
from tests.builders import at, event, posted, profile
from tests.moderation_world import MakeDatabase, World
from tests.servers import ServiceDatabase

TOKEN = "a-token-for-these-tests"
HOME = "/communities/tea"
ALLOW = """
    CREATE OR REPLACE VIEW allow_listed_member AS SELECT community_id, member_id FROM member_seen
"""
SET_CLOCK = """
    INSERT INTO community (community_id, partition, mode, event_clock) VALUES ('tea', 0, 'event', $1)
    ON CONFLICT (community_id) DO UPDATE SET event_clock = excluded.event_clock
"""


@pytest.fixture
async def database(service_database: MakeDatabase) -> ServiceDatabase:
    """A fresh database."""
    return await service_database("moderation")


@pytest.fixture
async def pool(database: ServiceDatabase) -> AsyncIterator[Pool]:
    """The service's own pool on it."""
    opened = await open_pool(database.app_url, "test", size_min=1, size_max=3)
    yield opened
    await opened.close()


@pytest.fixture
async def world(pool: Pool) -> AsyncIterator[World]:
    """Moderation on it; the community's clock stands sixty days after its first noon."""
    async with pool.acquire() as connection:
        await connection.execute(SET_CLOCK, at(days=60))
        yield World(connection)


@pytest.fixture
async def client(pool: Pool) -> AsyncIterator[httpx.AsyncClient]:
    """Asks the routes with the token."""
    app = guarded_application("moderation", SecretStr(TOKEN))
    include_guarded(app, api.router(pool))
    headers = {"authorization": f"Bearer {TOKEN}", "x-operator": "chief", "accept-language": "zh-CN"}
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://test/v1", headers=headers
    ) as asking:
        yield asking


async def silence(world: World, *members: str, days: float = 0) -> None:
    """These members spoke once, then never again."""
    await world.handle(*(posted("大家好", at(n, days=days), member=each) for n, each in enumerate(members)))


async def plan(client: httpx.AsyncClient, days: int = 30) -> dict[str, Any]:
    made = await client.post(f"{HOME}/cleanings", json={"silent_days": days, "reason": "长期潜水"})
    assert made.status_code == 201, made.text
    return dict(made.json())


async def confirm(client: httpx.AsyncClient, made: dict[str, Any], **differing: Any) -> httpx.Response:
    body = {"version": made["version"], "members": made["members"], **differing}
    return await client.post(f"{HOME}/cleanings/{made['cleaning_id']}/confirm", json=body)


async def run(world: World, moment: datetime, **fields: Any) -> list[str]:
    """Fire what the cleaning's timer is due for; returns the members whose removal was asked for."""
    before = len(world.told("remove_member"))
    for row in await world.connection.fetch("DELETE FROM timers WHERE kind = $1 RETURNING *", CLEANING):
        timer = Timer(row["community_id"], CLEANING, row["due_at"], row["key"])
        world.timers[timer.community_id, timer.kind, timer.key] = timer
    await world.fire(CLEANING, moment, **fields)
    return [each["member_id"] for each in world.told("remove_member")[before:]]


async def shown(client: httpx.AsyncClient, days: int = 30) -> list[str]:
    page = (await client.get(f"{HOME}/lurkers", params={"silent_days": days})).json()
    assert page["total"] == len(page["items"])
    return [item["member_id"] for item in page["items"]]


def receipts(world: World, cls: Any, count: slice, **fields: Any) -> list[Any]:
    """What the connector answers to some of the removals."""
    asked = [each for each in world.announced if b"remove_member" in dict(each.headers)["ce_type"]]
    return [
        event(cls(community_id="tea", command_id=each.event_id, **fields), at(days=60))
        for each in asked[count]
    ]


async def test_lurkers_are_shown_longest_silent_first_in_pages(
    world: World, client: httpx.AsyncClient
) -> None:
    for day, member in enumerate(("ann", "bob", "cat")):
        await silence(world, member, days=day)
    first = (await client.get(f"{HOME}/lurkers", params={"silent_days": 58, "limit": 2})).json()
    assert [item["member_id"] for item in first["items"]] == ["ann", "bob"]
    assert (first["total"], first["as_of"], first["items"][0]["silent_days"]) == (3, "2024-05-04", 60)
    cursor = {"silent_days": 58, "limit": 2, "cursor": first["next_cursor"]}
    rest = (await client.get(f"{HOME}/lurkers", params=cursor)).json()
    assert [item["member_id"] for item in rest["items"]] == ["cat"]
    assert await shown(client, 60) == ["ann"]


async def test_operators_bots_newcomers_and_who_left_are_never_on_the_list(
    world: World, client: httpx.AsyncClient
) -> None:
    await silence(world, "lurker", "gone", "made_operator")
    await world.handle(
        posted("通知", at(), member="chief", member_roles=("operator",)),
        posted("整点", at(), member="clock", is_bot=True),
        event(MemberJoined(community_id="tea", member_id="new"), at(days=50)),
        event(MemberLeft(community_id="tea", member_id="gone"), at(days=5)),
        event(
            MemberUpdated(community_id="tea", member_id="made_operator", member_roles=("operator",)), at(9)
        ),
    )
    assert await shown(client) == ["lurker"]


async def test_members_on_an_allow_list_are_never_on_it(
    world: World, client: httpx.AsyncClient, database: ServiceDatabase
) -> None:
    await silence(world, "ann", "sponsor", "guest")
    made = await plan(client)
    owner = await asyncpg.connect(database.owner_url)
    await owner.execute(f"{ALLOW} WHERE member_id IN ('sponsor', 'guest')")
    await owner.close()
    assert await shown(client) == ["ann"]
    begun = (await confirm(client, made)).json()
    assert (begun["dropped"], begun["waiting"]) == (2, 1)


async def test_a_reaction_and_coming_back_end_the_silence(world: World, client: httpx.AsyncClient) -> None:
    await silence(world, "ann", "bob")
    reaction = ReactionAdded(
        community_id="tea", channel_id="hall", message_id="m", member_id="ann", reaction="👍"
    )
    await world.handle(
        event(reaction, at(days=40)),
        event(MemberLeft(community_id="tea", member_id="bob"), at(days=41)),
        event(MemberJoined(community_id="tea", member_id="bob"), at(days=41.1)),
    )
    assert await shown(client) == []
    assert await shown(client, 7) == ["ann", "bob"]


async def test_a_message_that_comes_late_counts_on_its_day(world: World, client: httpx.AsyncClient) -> None:
    await world.handle(posted("新", at(days=20)), posted("旧", at(days=1), now=at(days=20)))
    row = await world.connection.fetchrow("SELECT first_on, seen_on FROM member_seen")
    assert row is not None
    assert [str(day) for day in row] == ["2024-03-06", "2024-03-25"]


async def test_cleaning_takes_out_whom_a_person_confirmed_in_paced_batches(
    world: World, client: httpx.AsyncClient
) -> None:
    await silence(world, *(f"m{n:02}" for n in range(45)))
    made = await plan(client)
    assert (made["state"], made["members"], made["waiting"]) == ("planned", 45, 45)
    assert await run(world, at(days=61)) == [], "nothing happens by itself"
    begun = await confirm(client, made)
    assert (begun.status_code, begun.json()["state"]) == (200, "running")
    start = at(days=60)
    assert [len(await run(world, start + timedelta(minutes=n))) for n in range(4)] == [20, 20, 5, 0]
    command = world.told("remove_member")[0]
    assert (command["member_id"], command["reason"], command["purpose"]) == ("m00", "长期潜水", "cleaning")
    done = (await client.get(f"{HOME}/cleanings/{made['cleaning_id']}")).json()
    assert (done["state"], done["asked"], done["confirmed_by"]) == ("done", 45, "chief")


async def test_who_spoke_since_is_dropped_and_shown(world: World, client: httpx.AsyncClient) -> None:
    await silence(world, "ann", "bob", "cat", "dan")
    made = await plan(client)
    await world.handle(
        posted("我还在", at(days=60), member="ann"),
        event(MemberLeft(community_id="tea", member_id="bob"), at(days=60)),
    )
    begun = (await confirm(client, made)).json()
    assert (begun["members"], begun["dropped"], begun["waiting"]) == (4, 2, 2)
    url = f"{HOME}/cleanings/{made['cleaning_id']}/members"
    dropped = (await client.get(url, params={"state": "dropped"})).json()["items"]
    assert [(each["member_id"], each["note"]) for each in dropped] == [("ann", "spoke"), ("bob", "left")]
    await world.handle(posted("等等", at(days=60, minutes=1), member="cat"))
    assert await run(world, at(days=60, minutes=2)) == ["dan"]


async def test_a_plan_is_confirmed_as_it_was_shown_or_not_at_all(
    world: World, client: httpx.AsyncClient
) -> None:
    await silence(world, "ann", "bob")
    made = await plan(client)
    assert (await confirm(client, made, members=3)).status_code == 409
    refused = await confirm(client, made, version=9)
    assert (refused.status_code, refused.json()["members"]) == (409, 2)
    assert "共 2 人" in refused.json()["detail"]
    assert (await confirm(client, made)).status_code == 200
    assert (await confirm(client, made)).status_code == 409


async def test_a_plan_expires_after_a_day(world: World, client: httpx.AsyncClient) -> None:
    await silence(world, "ann")
    made = await plan(client)
    await world.connection.execute(SET_CLOCK, at(days=61))
    assert (await confirm(client, made)).status_code == 410
    assert await run(world, at(days=62)) == []


async def test_a_cleaning_can_be_stopped(world: World, client: httpx.AsyncClient) -> None:
    await silence(world, *(f"m{n:02}" for n in range(30)))
    made = await plan(client)
    await confirm(client, made)
    assert len(await run(world, at(days=60))) == 20
    url = f"{HOME}/cleanings/{made['cleaning_id']}/stop"
    stopped = (await client.post(url, json={"reason": "误操作"})).json()
    assert (stopped["state"], stopped["asked"], stopped["waiting"]) == ("stopped", 20, 10)
    assert await run(world, at(days=61)) == []
    assert (await client.post(url, json={"reason": "再停"})).status_code == 409


async def test_one_cleaning_runs_at_a_time(world: World, client: httpx.AsyncClient) -> None:
    await silence(world, "ann")
    one, other = await plan(client), await plan(client)
    assert (await confirm(client, one)).status_code == 200
    assert (await confirm(client, other)).status_code == 409
    page = (await client.get(f"{HOME}/cleanings", params={"limit": 1})).json()
    rest = (await client.get(f"{HOME}/cleanings", params={"cursor": page["next_cursor"]})).json()
    states = {each["cleaning_id"]: each["state"] for each in (*page["items"], *rest["items"])}
    assert states == {one["cleaning_id"]: "running", other["cleaning_id"]: "planned"}


async def test_receipts_are_counted(world: World, client: httpx.AsyncClient) -> None:
    await silence(world, "ann", "bob", "cat", "dan")
    made = await plan(client)
    await confirm(client, made)
    await run(world, at(days=60))
    failed = receipts(world, CommandFailed, slice(1, 3), failure="refused", detail="no permission")
    await world.handle(*receipts(world, CommandExecuted, slice(0, 1)), *failed)
    await world.handle(*receipts(world, CommandFailed, slice(0, 1), failure="expired", attempt=2))
    await world.handle(*receipts(world, CommandExecuted, slice(2, 3), downgraded_to="mute_member"))
    counted = (await client.get(f"{HOME}/cleanings/{made['cleaning_id']}")).json()
    assert (counted["removed"], counted["failed"], counted["asked"]) == (1, 2, 1)
    url = f"{HOME}/cleanings/{made['cleaning_id']}/members"
    notes = [each["note"] for each in (await client.get(url)).json()["items"]]
    assert notes == ["", "refused: no permission", "downgraded to mute_member", ""]


async def test_where_nobody_can_be_removed_it_stops_and_says_so(
    world: World, client: httpx.AsyncClient
) -> None:
    await silence(world, "ann")
    made = await plan(client)
    await confirm(client, made)
    hall = Channel(channel_id="hall", capabilities=("send",))
    about = profile(channels=(hall,), operators_channel_id="staff")
    assert await run(world, at(days=60), about=about) == []
    stopped = (await client.get(f"{HOME}/cleanings/{made['cleaning_id']}")).json()
    assert (stopped["state"], stopped["stopped_by"]) == ("stopped", "hearth")
    assert [each["channel_id"] for each in world.told("send_message")] == ["staff"]


async def test_the_timer_that_comes_twice_asks_for_nobody_twice(
    world: World, client: httpx.AsyncClient
) -> None:
    await silence(world, "ann", "bob")
    made = await plan(client)
    await confirm(client, made)
    assert len(await run(world, at(days=60))) == 2
    again = Timer("tea", CLEANING, at(days=60), made["cleaning_id"])
    world.timers["tea", CLEANING, again.key] = again
    assert await run(world, at(days=60)) == []


async def test_what_cannot_be_asked_is_refused(world: World, client: httpx.AsyncClient) -> None:
    await silence(world, "ann", days=59)
    empty = await client.post(f"{HOME}/cleanings", json={"silent_days": 30, "reason": "长期潜水"})
    assert (empty.status_code, json.loads(empty.text)["days"]) == (409, 30)
    assert (await client.get(f"{HOME}/lurkers", params={"silent_days": 1})).status_code == 422
    assert (await client.get(f"{HOME}/cleanings/none")).status_code == 404
    nameless = await client.post(
        f"{HOME}/cleanings", json={"silent_days": 7, "reason": "x"}, headers={"x-operator": ""}
    )
    assert nameless.status_code == 422
