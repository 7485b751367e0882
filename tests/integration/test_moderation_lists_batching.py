"""The law of the log where lists and a join policy hold: the same however it is cut into batches."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.contracts.chat import JoinAnswer, JoinRequested, MemberJoined
from shared.engine import Event
from shared.postgres.connection import Pool
from tests.builders import at, event, posted, profile
from tests.moderation_http import asking, opened
from tests.moderation_world import MakeDatabase, World, cut, emptied, fresh_effects

ABOUT = profile(operators_channel_id="staff")
MOMENTS = st.integers(0, 40).map(lambda seconds: at(seconds * 2.0))
MEMBERS = st.sampled_from(["ann", "ben", "eve"])
TEXTS = ["哈哈", "来刷 單吧", "看 https://a.spam.cn/1", "看 https://tea.cn", "兼职日结，加微信 abc12345"]


@st.composite
def happenings(draw: st.DrawFn) -> Event[Any]:
    """A message, somebody who comes in, or somebody who asks to; some are told twice, some late."""
    moment, member = draw(MOMENTS), draw(MEMBERS)
    now = at(minutes=draw(st.sampled_from([2, 2, 20])))
    kind = draw(st.sampled_from(["posted"] * 4 + ["joined", "requested"]))
    if kind == "posted":
        text = draw(st.sampled_from(TEXTS))
        return posted(text, moment, member=member, now=now, about=ABOUT)
    inviter = draw(st.sampled_from([None, "ann"]))
    if kind == "joined":
        came = MemberJoined(community_id="tea", member_id=member, invited_by=inviter)
        return event(came, moment, now=now, about=ABOUT, source=draw(st.sampled_from(["/a", "/b"])))
    answers = (JoinAnswer(answer=draw(st.sampled_from(["白茶", "咖啡"]))),)
    number = draw(st.integers(0, 3))
    asks = JoinRequested(community_id="tea", request_id=f"r{number}", member_id=member, answers=answers)
    return event(asks, moment, now=now, about=ABOUT)


@pytest.fixture
async def pool(service_database: MakeDatabase) -> AsyncIterator[Pool]:
    """A database with a list of each kind and a question for those who ask."""
    async with opened(service_database) as pool, asking(pool) as client:
        entries = {
            "allow": [("member", "ben"), ("host", "tea.cn")],
            "deny": [("member", "eve"), ("word", "刷单"), ("host", "spam.cn")],
        }
        for effect, held in entries.items():
            new = {"list_id": effect, "owner": "o", "name": effect, "effect": effect, "reason": "x"}
            await client.post("/lists", json=new)
            add = [{"kind": kind, "value": value} for kind, value in held]
            await client.post(f"/lists/{effect}/entries", json={"add": add, "reason": "x"})
            await client.post(f"/communities/tea/lists/{effect}/follow", json={"reason": "x"})
        questions = [{"question": "茶？", "keywords": ["白茶"]}]
        rules = {"mode": "keywords", "questions": questions, "version": 0, "reason": "x"}
        assert (await client.put("/communities/tea/join-policy", json=rules)).status_code == 200
        yield pool


async def outcome(pool: Pool, events: list[Event[Any]], sizes: list[int]) -> dict[str, Any]:
    """What is kept and announced when the events come in such batches."""
    await emptied(pool)
    async with pool.acquire() as connection:
        world = World(connection, effects=fresh_effects())
        for batch in cut(events, sizes):
            await world.handle(*batch)
        return await world.state()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    events=st.lists(happenings(), min_size=2, max_size=30, unique_by=lambda each: each.id),
    sizes=st.lists(st.integers(1, 8), max_size=12),
)
async def test_another_cut_changes_nothing(pool: Pool, events: list[Event[Any]], sizes: list[int]) -> None:
    assert await outcome(pool, events, sizes) == await outcome(pool, events, [1] * len(events))
