"""Time as an input: timers on event clock and wall clock, whatever way the log is cut into batches."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from shared.contracts.chat import ClockSet, MessagePosted
from shared.engine.timers import TIMERS_PER_ROUND_MAX
from tests.engine_world import World, fresh, message

MARCH = datetime(2024, 3, 1, tzinfo=UTC)


def clock(community: str, mode: str, to: datetime | None = None) -> ClockSet:
    return ClockSet(community_id=community, mode=mode, run_id=uuid4().hex, to=to)  # type: ignore[arg-type]


async def publish_history(
    world: World, community: str, history: Sequence[tuple[float, str]], *, end: bool = True
) -> None:
    """A history of (minutes after the first of March, text) on event clock."""
    moments = [MARCH + timedelta(minutes=after) for after, _ in history]
    messages: list[MessagePosted | ClockSet] = [
        message(community, number, text) for number, (_, text) in enumerate(history)
    ]
    now = datetime.now(UTC)
    await world.publish([clock(community, "event"), *messages], [now, *moments])
    if end:
        await world.publish([clock(community, "wall")], now)


async def fired(world: World, community: str) -> list[tuple[float, float, int]]:
    """Timers of a community in the order they fired: minutes due, minutes of their `now`, effects seen."""
    rows = await world.admin.fetch(
        "SELECT * FROM probe.fired WHERE community_id = $1 ORDER BY number", community
    )
    return [
        (
            (row["due_at"] - MARCH) / timedelta(minutes=1),
            (row["now"] - MARCH) / timedelta(minutes=1),
            row["seen"],
        )
        for row in rows
    ]


@pytest.mark.parametrize("batch", [1, 3, 1000])
async def test_a_timer_fires_between_the_events_around_its_moment_however_the_log_is_cut(
    world: World, batch: int
) -> None:
    """Timers asked for at 0 and 60 for 45 minutes later: the first fires at 45, before the event of 50."""
    community = fresh()
    history = [
        (0.0, "timer 45"),
        (10.0, "a"),
        (44.0, "b"),
        (50.0, "c"),
        (60.0, "timer 45"),
        (104.0, "d"),
        (200.0, "e"),
    ]
    await publish_history(world, community, history)
    world.settings = replace(world.settings, max_records=batch)
    async with world.engine():
        await world.until_effects(community, len(history))
    assert await fired(world, community) == [(45, 45, 3), (105, 105, 6)]


async def test_a_history_that_comes_in_one_batch_with_what_was_said_live_before_keeps_its_order(
    world: World,
) -> None:
    community = fresh()
    await world.publish([message(community, 100 + number, "live") for number in range(3)], datetime.now(UTC))
    await publish_history(world, community, [(0.0, "timer 45"), *((10.0 * n, "on") for n in range(1, 9))])
    async with world.engine():
        await world.until_effects(community, 12)
    assert await fired(world, community) == [(45, 45, 8)]


async def test_a_long_history_behind_an_early_timer_is_applied_whole_and_in_order(world: World) -> None:
    """What follows a cut goes in parts; none of them is the last, and no timer overtakes one."""
    community = fresh()
    texts = {0: "timer 45", 5: "timer 705"}
    history = [(10.0 * number, texts.get(number, "on")) for number in range(120)]
    await publish_history(world, community, history)
    async with world.engine():
        await world.until_effects(community, len(history))
        rows = await world.admin.fetch(
            "SELECT message_id FROM probe.effect WHERE community_id = $1 ORDER BY number", community
        )
    assert [row["message_id"] for row in rows] == [f"{community}-{number}" for number in range(120)]
    assert await fired(world, community) == [(45, 45, 5), (755, 755, 76)]


@pytest.mark.parametrize("batch", [2, 1000])
async def test_a_timer_that_is_moved_on_by_every_message_fires_only_in_silence(
    world: World, batch: int
) -> None:
    """The cold channel: each message asks for 45 minutes later; silence from 60 to 240 and from 250 on."""
    community = fresh()
    spoken = [0.0, 20.0, 40.0, 60.0, 240.0, 250.0, 400.0]
    await publish_history(world, community, [(each, "timer 45") for each in spoken])
    world.settings = replace(world.settings, max_records=batch)
    async with world.engine():
        await world.until_effects(community, len(spoken))
        await world.until_fired(community, 3)
    told = await fired(world, community)
    assert [(due, seen) for due, _, seen in told] == [(105, 4), (295, 6), (445, 7)]
    assert [now for _, now, _ in told[:2]] == [105, 295]


@pytest.mark.parametrize(("batch", "seen"), [(1, 3), (1000, 4)])
async def test_a_timer_that_cuts_no_history_fires_behind_the_batch_that_passes_its_moment(
    world: World, batch: int, seen: int
) -> None:
    community = fresh()
    await publish_history(world, community, [(0.0, "tidy 45"), (44.0, "a"), (50.0, "b"), (60.0, "c")])
    world.settings = replace(world.settings, max_records=batch)
    async with world.engine():
        await world.until_fired(community, 1)
        await world.until_effects(community, 4)
    assert await fired(world, community) == [(45, 45, seen)]


async def test_many_timers_that_cut_nothing_hide_none_that_does(world: World) -> None:
    community = fresh()
    tidied = TIMERS_PER_ROUND_MAX + 20
    history = [(n / tidied, "tidy 1") for n in range(tidied)]
    await publish_history(world, community, [*history, (5.0, "timer 45"), (49.0, "a"), (60.0, "b")])
    async with world.engine():
        await world.until_fired(community, tidied + 1)
    told = await fired(world, community)
    assert [each for each in told if each[0] == 50] == [(50, 50, tidied + 2)]


async def test_on_event_clock_now_is_the_highest_moment_seen(world: World) -> None:
    community = fresh()
    await publish_history(world, community, [(0.0, "a"), (30.0, "b"), (10.0, "late"), (40.0, "c")])
    async with world.engine():
        await world.until_effects(community, 4)
    rows = await world.admin.fetch(
        "SELECT now FROM probe.effect WHERE community_id = $1 ORDER BY number", community
    )
    assert [(row["now"] - MARCH) / timedelta(minutes=1) for row in rows] == [0, 30, 30, 40]


async def test_after_the_history_the_community_is_live_again(world: World) -> None:
    community = fresh()
    await publish_history(world, community, [(0.0, "a")])
    async with world.engine():
        await world.publish([message(community, 10)])
        await world.publish([message(community, 11)], MARCH)
        await world.publish([message(community, 12)])
        await world.until_effects(community, 3)
    rows = await world.admin.fetch(
        "SELECT message_id, now FROM probe.effect WHERE community_id = $1 ORDER BY number", community
    )
    assert [row["message_id"] for row in rows] == [f"{community}-{n}" for n in (0, 10, 12)]
    assert all(datetime.now(UTC) - row["now"] < timedelta(minutes=5) for row in rows[1:])
    reason = await world.admin.fetchval(
        "SELECT reason FROM probe.dead_letter WHERE key = $1", community.encode()
    )
    assert reason == "too_old"


async def test_a_clock_moved_on_by_hand_fires_what_is_due(world: World) -> None:
    community = fresh()
    await publish_history(world, community, [(0.0, "timer 600")], end=False)
    async with world.engine():
        await world.until_effects(community, 1)
        assert await fired(world, community) == []
        await world.publish([clock(community, "event", MARCH + timedelta(minutes=601))])
        await world.until_fired(community, 1)
    assert await fired(world, community) == [(600, 600, 1)]


async def test_a_wall_clock_timer_fires_once_even_when_everything_was_down_at_its_moment(
    world: World,
) -> None:
    community = fresh()
    long_ago = datetime.now(UTC) - timedelta(minutes=30)
    await world.publish([message(community, 1, "timer 10")], long_ago)
    async with world.engine():
        await world.until_effects(community, 1)
        await world.until_fired(community, 1)
    async with world.engine():
        await world.publish([message(community, 2)])
        await world.until_effects(community, 2)
    assert len(await fired(world, community)) == 1


async def test_importing_a_history_twice_changes_nothing(world: World) -> None:
    community = fresh()
    history = [(float(n), "timer 45" if n == 5 else "hello") for n in range(100)]
    await publish_history(world, community, history)
    async with world.engine():
        await world.until_effects(community, 100)
        before = await world.effects(community)
        await publish_history(world, community, history)
        await world.publish([message(community, 500)])
        await world.until_effects(community, 101)
    assert await world.effects(community) == [*before, f"{community}-500"]
    assert len(await fired(world, community)) == 1
