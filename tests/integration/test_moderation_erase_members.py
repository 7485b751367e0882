"""Forgetting a member on a real database: of every table, over HTTP and when every service is asked."""

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import httpx
import pytest

from services.moderation.store.erasure import STEPS
from shared.contracts.chat import MemberForgotten
from shared.engine import Event
from shared.postgres.connection import Pool
from tests.builders import at, event, posted
from tests.integration.test_moderation_sanctions_api import AD, TEA, advertise, said
from tests.laws.tables import ENGINE_TABLES
from tests.moderation_http import asking, opened
from tests.moderation_world import MakeDatabase, World, fresh_effects

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


def forgotten(member: str, **fields: Any) -> Event[MemberForgotten]:
    data = MemberForgotten(community_id="tea", member_id=member, request_id="r1", **fields)
    return event(data, at(hours=2), source="/hearth/reporting")


async def forget(pool: Pool, *batch: Event[Any]) -> World:
    """One transaction with one batch; returns what was announced and which timers are set."""
    async with pool.acquire() as connection:
        world = World(connection, effects=fresh_effects())
        await world.handle(*batch, real_time=at(hours=2))
    return world


async def test_of_a_forgotten_member_no_table_holds_anything(client: httpx.AsyncClient, pool: Pool) -> None:
    canary = "canary-7f3a"
    await pool.execute("SELECT ensure_outbox_day(current_date)")
    await fill(client, pool, canary)
    await forget(pool, forgotten(canary, requested_by="olga", reason="本人要求"))
    left = await dump(pool)
    assert {name for name, text in left.items() if canary in text} <= SENT
    assert not [name for name, text in left.items() if AD in text and "ben" not in text]
    (kept,) = (await client.get(f"{TEA}/erasures")).json()["items"]
    assert (kept["erased_by"], kept["reason"]) == ("olga", "本人要求")
    assert all(kept["counts"].values())


async def test_forgetting_again_or_somebody_unknown_changes_and_announces_nothing(pool: Pool) -> None:
    await advertise(pool, 0, 1)
    first = await forget(pool, forgotten("ann"))
    assert [each["type"] for each in first.told()] == ["sanction.lifted"] * 2 + ["unmute_member"]
    once = await dump(pool)
    for again in (forgotten("ann"), forgotten("ann"), forgotten("nobody")):
        assert (await forget(pool, again)).told() == []
    assert await dump(pool) == once


async def test_what_is_written_in_the_batch_of_the_request_goes_too_and_what_comes_later_stays(
    pool: Pool,
) -> None:
    await forget(
        pool, posted(AD, at(hours=1)), forgotten("ann"), posted("大家好", at(hours=1.5), member="ben")
    )
    assert await pool.fetchval("SELECT count(*) FROM finding") == 0
    assert [row[0] for row in await pool.fetch("SELECT member_id FROM member_window")] == ["ben"]
    await forget(pool, posted("我回来了", at(hours=3)))
    assert await pool.fetchval("SELECT count(*) FROM member_window WHERE member_id = 'ann'") == 1
