"""Cold detection and warm-up (暖场), by event time, through the engine's own transaction."""

from collections.abc import AsyncIterator
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.engagement_world import MakeDatabase, World, client_of, engagement_world
from tests.laws.stories import COMMUNITY, HALL, NOON, Sample

SHANGHAI = ZoneInfo("Asia/Shanghai")
MIDNIGHT = NOON - timedelta(hours=12)


@pytest.fixture
async def world(service_database: MakeDatabase) -> AsyncIterator[World]:
    async with engagement_world(await service_database("engagement")) as world:
        yield world


def chatter(world: World, days: int, minutes: int = 10, first: int = 0) -> list[Sample]:
    """Days on each of which people talk from ten to nine in the evening."""
    return [
        world.posted(f"聊到 {day} {minute}", MIDNIGHT + timedelta(days=day, minutes=minute), f"u{minute % 7}")
        for day in range(first, first + days)
        for minute in range(600, 1260, minutes)
    ]  # fmt: skip


async def lived(world: World, days: int = 10) -> datetime:
    """Everybody talks for some days and then falls silent at noon; returns when they fell silent."""
    day = MIDNIGHT + timedelta(days=days)
    morning = [
        world.posted(f"早上 {minute}", day + timedelta(minutes=minute), f"u{minute % 7}")
        for minute in range(600, 720, 10)
    ]
    await world.take([*chatter(world, days), *morning])
    return day + timedelta(minutes=710)


async def spells(world: World) -> list[dict[str, object]]:
    return await world.rows("SELECT * FROM cold_spell ORDER BY opened_at, spell_id")


async def test_a_channel_that_falls_silent_is_spoken_to_by_its_own_baseline(world: World) -> None:
    silent_since = await lived(world)
    await world.advance(silent_since + timedelta(minutes=44))
    assert await spells(world) == []
    await world.advance(silent_since + timedelta(hours=3))
    (spell,) = await spells(world)
    assert spell["silent_since"] == silent_since
    assert spell["opened_at"] - silent_since >= timedelta(minutes=45)  # type: ignore[operator]
    sent = await world.said("warmup")
    held = await world.told("warmup.held_out")
    assert len(sent) + len(held) == 1
    assert all(each["channel_id"] == HALL and len(each["text"]) > 5 for each in sent)


async def test_a_warm_up_is_measured_against_the_baseline(world: World) -> None:
    silent_since = await lived(world)
    await world.advance(silent_since + timedelta(hours=3))
    (spell,) = await spells(world)
    assert await world.told("warmup.measured") == []
    opened: datetime = spell["opened_at"]  # type: ignore[assignment]
    await world.advance(opened + timedelta(hours=12))
    (fact,) = await world.told("warmup.measured")
    assert (fact["messages"], fact["time"]) == (0, opened + timedelta(minutes=30))
    measured = await world.rows(
        "SELECT messages, members, expected FROM cold_spell WHERE measured_at IS NOT NULL"
    )
    assert (measured[0]["messages"], measured[0]["members"]) == (0, 0)
    assert measured[0]["expected"] > 1


async def test_answers_to_a_warm_up_are_counted_for_half_an_hour(world: World) -> None:
    silent_since = await lived(world)
    # the spell opens inside this batch, before the answers of the same batch
    await world.take(
        [
            world.posted("来了来了", silent_since + timedelta(hours=1, minutes=minute), member)
            for minute, member in ((0, "ann"), (1, "ann"), (10, "ben"), (20, "cat"), (40, "dan"))
        ]
    )
    await world.advance(silent_since + timedelta(hours=4))
    first, *_ = await spells(world)
    opened: datetime = first["opened_at"]  # type: ignore[assignment]
    minutes = [(silent_since + timedelta(hours=1, minutes=m)) for m in (0, 1, 10, 20, 40)]
    inside = [at for at in minutes if opened < at < opened + timedelta(minutes=30)]
    assert inside
    assert first["messages"] == len(inside)


async def test_a_warm_up_that_is_due_is_dropped_when_people_talk(world: World) -> None:
    silent_since = await lived(world)
    await world.take(
        [world.posted("还在聊", silent_since + timedelta(minutes=10 * n), f"u{n}") for n in range(1, 40)]
    )
    assert await spells(world) == []
    assert await world.said("warmup") == []


async def test_nothing_is_said_outside_active_hours_and_budgets_hold(world: World) -> None:
    await world.take(chatter(world, 10))
    for day in range(10, 24):  # two short talks a day, silence between them
        start = MIDNIGHT + timedelta(days=day)
        await world.take(
            [
                world.posted(f"{hour} 点", start + timedelta(hours=hour, minutes=minute), f"u{minute}")
                for hour in (9, 12, 15, 18, 21)
                for minute in (0, 3)
            ]
        )
    await world.advance(MIDNIGHT + timedelta(days=40))
    known = await spells(world)
    assert len(known) > 6
    for each in known:
        local = each["opened_at"].astimezone(SHANGHAI)  # type: ignore[attr-defined]
        assert time(9) <= local.time() < time(22)
    moments = [each["opened_at"] for each in known]
    for moment in moments:
        same_day = [m for m in moments if m.astimezone(SHANGHAI).date() == moment.astimezone(SHANGHAI).date()]  # type: ignore[attr-defined]
        week = [m for m in moments if timedelta(0) <= moment - m < timedelta(days=7)]  # type: ignore[operator]
        assert len(same_day) <= 2
        assert len(week) <= 6


async def test_a_young_channel_is_left_alone(world: World) -> None:
    silent_since = await lived(world, days=3)
    await world.advance(silent_since + timedelta(hours=5))
    assert await spells(world) == []


async def test_a_share_is_held_out_by_lot_and_the_uplift_is_reported_with_an_interval(world: World) -> None:
    async with client_of(world) as client:
        asked = {"holdout_share": 0.5, "warmups_a_day": 10, "warmups_a_week": 100, "posts_a_day": 100,
                 "version": 1, "reason": "先看看效果"}  # fmt: skip
        assert (await client.patch("/choices", json=asked)).status_code == 200
        await world.take(chatter(world, 10))
        for day in range(10, 60):
            start = MIDNIGHT + timedelta(days=day)
            await world.take(
                [
                    world.posted(f"{n}", start + timedelta(hours=hour, minutes=n), f"u{n}")
                    for hour in (9, 14, 19)
                    for n in (0, 4)
                ]
            )
        await world.advance(MIDNIGHT + timedelta(days=61))
        worth = (await client.get("/warmups/uplift")).json()
    assert worth["sent"]["spells"] >= 10
    assert worth["held_out"]["spells"] >= 10
    low, high = worth["messages_interval"]
    assert low <= worth["messages"] <= high
    skipped = [each for each in await spells(world) if each["outcome"] == "skipped"]
    assert {each["reason"] for each in skipped} == {"no_topic"}


async def test_what_waits_for_a_person_is_said_when_one_agrees_and_not_when_people_talk(world: World) -> None:
    async with client_of(world) as client:
        wanted = {"approve_first": True, "holdout_share": 0, "version": 1, "reason": "先审"}
        assert (await client.patch("/choices", json=wanted)).status_code == 200
        silent_since = await lived(world)
        await world.advance(silent_since + timedelta(hours=2))
        assert await world.said("warmup") == []
        (post,) = (await client.get("/posts", params={"state": "approval"})).json()["items"]
        agreed = await client.post(f"/posts/{post['post_id']}/approve", json={"text": "大家下午好，聊聊吧"})
        assert (agreed.status_code, agreed.json()["state"]) == (200, "sent")
        assert [each["text"] for each in await world.said("warmup")] == ["大家下午好，聊聊吧"]
        again = await client.post(f"/posts/{post['post_id']}/approve", json={})
        assert (again.status_code, again.json()["type"]) == (409, "urn:hearth:problem:post-decided")
        assert (await spells(world))[0]["outcome"] == "sent"


async def test_a_channel_that_cannot_be_written_to_is_not_warmed(world: World) -> None:
    await world.profile(channels=({"channel_id": HALL, "capabilities": ("delete",)},))
    silent_since = await lived(world)
    await world.advance(silent_since + timedelta(hours=5))
    assert await spells(world) == []


async def test_batches_may_be_cut_anywhere_and_the_same_is_said(
    service_database: MakeDatabase,
) -> None:
    outcomes = []
    for size in (1000, 37):
        async with engagement_world(await service_database("engagement")) as world:
            samples = chatter(world, 12, 30)
            for start in range(0, len(samples), size):
                await world.take(samples[start : start + size])
            await world.advance(MIDNIGHT + timedelta(days=16))
            rows = await world.rows("SELECT * FROM cold_spell ORDER BY spell_id")
            outcomes.append((rows, [each["text"] for each in await world.said()]))
    assert outcomes[0] == outcomes[1]
    assert outcomes[0][0]
    assert outcomes[0][0][0]["community_id"] == COMMUNITY


async def test_a_history_finds_the_same_silences_however_it_is_cut(world: World) -> None:
    """Looks that find nothing are made while messages are heard, or at their timer where a batch ends."""
    history = chatter(world, 10)
    for day in range(10, 16):
        start = MIDNIGHT + timedelta(days=day)
        said = [
            (hour, minute, f"{hour} 点", f"u{minute}", channel)
            for hour in (9, 11, 15, 16, 21)
            for minute, channel in ((0, HALL), (3, HALL), (20, "garden"), (40, HALL))
        ]
        said += [(16, 41, "我来开场", f"v{day}", HALL), (21, 41, "不开场了", f"v{day}", HALL)]
        history += [
            world.posted(text, start + timedelta(hours=hour, minutes=minute), member, channel)
            for hour, minute, text, member, channel in sorted(said)
        ]
    places = [range(0, len(history), size) for size in (1, 7, 61, 400)]
    found = []
    for begins in ([0], [0, 700], *places):
        async with world.bench.undone():
            for first, last in zip(begins, [*begins[1:], len(history)], strict=True):
                await world.take(history[first:last])
            assert len(await spells(world)) > 3
            assert await world.said("opener")
            state = await world.bench.state()
            found.append((state.tables, state.outbox, state.timers))
    assert all(each == found[0] for each in found)
