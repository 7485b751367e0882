"""Sanctions and members' records over HTTP: what a person overrules, and what is forgotten."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import httpx
import pytest

from services.moderation.store.erasure import STEPS
from shared.contracts.contract import Contract
from shared.contracts.envelope import read
from shared.contracts.registry import BY_TYPE
from shared.engine.community import Community, save_communities
from shared.engine.outbox import unpack_headers
from shared.postgres.connection import Pool
from tests.builders import at, posted, profile
from tests.laws.tables import ENGINE_TABLES
from tests.moderation_http import asking, opened
from tests.moderation_world import MakeDatabase, World, fresh_effects

AD = "兼职日结，加 微 信 abc12345"
TEA = "/communities/tea"
SENT = {"outbox", "timers"}
"""What is on its way out, and what was taken back, goes by itself within days."""
UNNAMED = {"case_history", "dead_letter", "training_sample", "reported_message"}
"""Rows about a member that name nobody, or hold bytes."""
TABLES = """
    SELECT c.relname FROM pg_class c WHERE c.relnamespace = current_schema()::regnamespace
    AND c.relkind IN ('r', 'p') AND NOT c.relispartition
"""
NAMING_MEMBERS = """
    SELECT DISTINCT table_name FROM information_schema.columns
    WHERE table_schema = current_schema() AND column_name IN
        ('member_id', 'invited_by', 'reporter_id', 'member_a', 'member_b')
"""

CANARYS_CASE = "(SELECT min(case_id) FROM moderation_case WHERE member_id = 'CANARY')"
CANARYS_MESSAGE = "(SELECT min(message_id) FROM case_message WHERE member_id = 'CANARY')"
REST = (
    f"""INSERT INTO appeal (appeal_id, community_id, case_id, member_id, message_id, channel_id, said,
                            filed_at, decide_by)
        VALUES ('a', 'tea', {CANARYS_CASE}, 'CANARY', 'm', 'hall', '申诉', now(), now())""",
    "INSERT INTO member_report VALUES ('tea', 'm', 'CANARY', '举报', now(), false, NULL)",
    f"INSERT INTO reported_message VALUES ('tea', {CANARYS_MESSAGE}, {CANARYS_CASE}, now(), NULL)",
    f"INSERT INTO training_sample VALUES ('tea', {CANARYS_MESSAGE}, '{AD}', 'spam', now(), false)",
    "INSERT INTO recent_text VALUES ('tea', 'm', 'CANARY', 'hall', now(), 9, '', false, NULL)",
    "INSERT INTO recent_edit VALUES ('tea', 'm', 'CANARY', 'hall', now(), 9, '', false, NULL)",
    "INSERT INTO original_text VALUES ('tea', 'm', 'CANARY', now(), 9, '', 1, 2, 3)",
    "INSERT INTO recent_join VALUES ('tea', 'CANARY', now())",
    "INSERT INTO session_offence VALUES ('tea', 's', 'CANARY', 'm', now())",
    """INSERT INTO cleaning (cleaning_id, community_id, state, silent_days, members, planned_by, planned_at,
                             reason, expires_at)
       VALUES ('c', 'tea', 'planned', 90, 1, 'eve', now(), 'r', now())""",
    "INSERT INTO cleaning_member (cleaning_id, member_id, seen_on) VALUES ('c', 'CANARY', current_date)",
    "INSERT INTO dispute_pair VALUES ('tea', 'ben', 'CANARY', '[]', NULL, now())",
    "INSERT INTO dispute VALUES ('tea', 'CANARY', 'ben', now(), 'hall', 6, 2.5, '[]')",
    "INSERT INTO pulse VALUES ('tea', 'day', now(), 1, 0, 0, 1, '{}', '{}', '{CANARY,ben}')",
    """INSERT INTO warning VALUES ('tea', 'leaves', current_date, 'day', now(), now(), 9, 1, NULL,
                                   '{CANARY,ben}', 'e')""",
)
"""A row of every table that the desk above does not fill."""


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


async def dump(pool: Pool) -> dict[str, str]:
    """Every row of every table, as text."""
    names = [row["relname"] for row in await pool.fetch(TABLES)]
    dumped = {}
    for name in names:
        rows = await pool.fetch(f'SELECT t::text AS row FROM "{name}" t')
        dumped[name] = "\n".join(row["row"] for row in rows)
    return dumped


async def fill(client: httpx.AsyncClient, pool: Pool, canary: str) -> None:
    """Whatever moderation can know of a member."""
    await advertise(pool, 0, 1, member=canary)
    await advertise(pool, 0, member="ben")
    letter = f'{{"community_id":"tea","member_id":"{canary}","text":"canary-text"}}'.encode()
    await pool.execute(
        """INSERT INTO dead_letter (consumer_group, topic, partition, "offset", reason, detail, headers, key,
           value) VALUES ('g', 't', 0, 0, 'r', 'd', '{}', 'tea', $1)""",
        letter,
    )
    await client.post(
        "/lists", json={"list_id": "bad", "owner": "o", "name": "黑名单", "effect": "deny", "reason": "建"}
    )
    entry = {"kind": "member", "value": canary}
    await client.post("/lists/bad/entries", json={"add": [entry], "reason": "加"})
    await client.post(f"{TEA}/lists/bad/follow", json={"reason": "用"})
    await pool.execute(
        "INSERT INTO member_arrival VALUES ('tea', $1, now(), NULL), ('tea', 'ben', now(), $1)", canary
    )
    await pool.execute(
        """INSERT INTO join_request
               (community_id, request_id, member_id, answers, invited_by, asked_at, state)
           VALUES ('tea', 'r1', $1, '[]', NULL, now(), 'waiting'),
                  ('tea', 'r2', 'ben', '[]', $1, now(), 'waiting')""",
        canary,
    )
    await pool.execute("INSERT INTO gone_message SELECT 'tea', message_id, now() FROM finding")
    for statement in REST:
        await pool.execute(statement.replace("CANARY", canary))


async def test_of_an_erased_member_no_table_holds_anything(client: httpx.AsyncClient, pool: Pool) -> None:
    canary = "canary-7f3a"
    await pool.execute("SELECT ensure_outbox_day(current_date)")
    await fill(client, pool, canary)
    held = {name for name, text in (await dump(pool)).items() if canary in text}
    assert held >= {name for name, _ in STEPS if not name.endswith("_invited")} - UNNAMED
    answer = await client.post(f"{TEA}/members/{canary}/erase", json={"reason": "本人要求"})
    assert answer.status_code == 200
    assert all(answer.json()["counts"].values())
    left = await dump(pool)
    assert {name for name, text in left.items() if canary in text} <= SENT
    assert not [name for name, text in left.items() if AD in text and "ben" not in text]
    assert left["dead_letter"] == ""
    (kept,) = (await client.get(f"{TEA}/erasures")).json()["items"]
    assert (kept["erased_by"], kept["reason"]) == ("olga", "本人要求")
    assert kept["counts"] == answer.json()["counts"]
    assert len((await client.get(f"{TEA}/members/ben/record")).json()["strikes"]) == 1


async def test_every_table_that_names_members_is_erased(pool: Pool) -> None:
    naming = {row["table_name"] for row in await pool.fetch(NAMING_MEMBERS)} - ENGINE_TABLES
    naming.remove("allow_listed_member")  # a view
    assert naming <= {name.removesuffix("_invited") for name, _ in STEPS}


async def test_to_erase_a_member_ends_a_mute(client: httpx.AsyncClient, pool: Pool) -> None:
    await advertise(pool, 0, 1)
    await pool.execute("SELECT ensure_outbox_day(current_date)")
    await client.post(f"{TEA}/members/ann/erase", json={"reason": "本人要求"})
    assert "UnmuteMember" in {type(each).__name__ for each in await said(pool)}
    assert await pool.fetchval("SELECT count(*) FROM sanction") == 0


async def test_what_was_erased_is_not_written_over(pool: Pool) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await pool.execute("DELETE FROM erasure")
