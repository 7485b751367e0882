"""Laws that every handler of every service keeps, found by its routes: none can be added without them.

Each runs through the engine's own transaction on a real database: decoding, inbox, effects, outbox, fence.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.engine import Routes
from shared.engine.errors import Fenced
from shared.engine.routes import Route
from shared.postgres.connection import Pool
from shared.postgres.pool import open_pool
from tests.architecture.built import build_service
from tests.architecture.sources import SERVICES
from tests.laws.stories import Sample, closing, opening, story
from tests.laws.tables import COUNTERS, ENGINE_TABLES, differences
from tests.laws.workbench import (
    HandlerFailed,
    State,
    Workbench,
    only,
    with_unknown_fields,
    without_timer,
    workbench,
)
from tests.servers import Databases

CUTS_MAX = 12
WITH_OFFICE = frozenset({"reporting"})
"""Services whose timers need a channel of the operators."""
ROUTES: dict[str, Routes] = {name: build_service(name).state.runtime.routes for name in SERVICES}


@dataclass(frozen=True, slots=True)
class Case:
    """A handler, the events that are its own, and those that its service was told before."""

    service: str
    route: Route
    before: Sequence[Sample]
    batch: Sequence[Sample]

    @property
    def alone(self) -> Routes:
        """The service, reduced to this handler."""
        return only(ROUTES[self.service], self.route)

    def __str__(self) -> str:
        return f"{self.service}-{type(self.route.handler).__name__}"


def told(service: str) -> list[Sample]:
    """What of the story this service reads."""
    known = {contract for route in ROUTES[service].routes for contract in route.contracts}
    return [each for each in story() if each.contract in known]


def case(service: str, route: Route) -> Case:
    mine = [each for each in told(service) if each.contract in route.contracts]
    others = [each for each in told(service) if each.contract not in route.contracts]
    return Case(service, route, [*opening(), *others], mine)


CASES = [case(service, route) for service, routes in ROUTES.items() for route in routes.routes]
SET_BY_PEOPLE = frozenset({"announce_gathering", "run_session", "close_form", "calendar_due", "fetch_topics"})
"""Kinds that only a request over HTTP sets: their laws are in the tests of their features."""
TIMERS = [
    (service, kind)
    for service, routes in ROUTES.items()
    for kind in routes.timers
    if kind not in SET_BY_PEOPLE
]
Pools = dict[str, Pool]


@pytest.fixture(scope="module")
async def pools(databases: Databases) -> AsyncIterator[Pools]:
    """By service a pool on a database of its own, which every bench leaves as it was."""
    async with AsyncExitStack() as stack:
        opened = {}
        for service in SERVICES:
            database = await databases.create(service)
            stack.push_async_callback(databases.drop, database)
            pool = await open_pool(database.app_url, "laws", size_min=1, size_max=2)
            opened[service] = await stack.enter_async_context(pool)
        yield opened


@pytest.fixture(params=CASES, ids=str)
def each(request: pytest.FixtureRequest) -> Case:
    """Every handler."""
    found: Case = request.param
    return found


@pytest.fixture
async def bench(pools: Pools, each: Case) -> AsyncIterator[Workbench]:
    """The handler's service after everything that other handlers were told."""
    async with workbench(each.service, pools[each.service], [*each.before, *each.batch]) as bench:
        await bench.take(each.before, ROUTES[each.service])
        bench.calls.clear()
        yield bench


def same(ours: State, theirs: State) -> bool:
    """Whether nothing differs; says what does."""
    assert differences(ours.tables, theirs.tables) == {}
    assert ours.timers == theirs.timers
    assert ours.outbox == theirs.outbox
    return True


async def handled(bench: Workbench, each: Case) -> State:
    """The state after the batch, which must not be what it was before: else a law holds of nothing."""
    before = await bench.state()
    await bench.take(each.batch, each.alone)
    after = await bench.state()
    assert after.tables != before.tables
    return after


def test_the_handlers_are_found() -> None:
    assert {each.service for each in CASES} == set(SERVICES)
    assert {"lane", "lane_offset", "inbox", "outbox", "timers", "community", "dead_letter"} <= ENGINE_TABLES


async def test_each_contract_has_a_sample_that_its_handler_does_something_with(
    each: Case, bench: Workbench
) -> None:
    assert {sample.contract for sample in each.batch} == set(each.route.contracts)
    async with bench.undone():
        await handled(bench, each)
    plan = await bench.take(each.batch, each.alone)
    assert [str(dead.detail) for dead in plan.dead] == []
    # a timer that the batch itself sets may cut it: what lies behind is given again
    given = list(dict.fromkeys(bench.calls.events))
    assert given == [sample.event_id for sample in each.batch]


async def test_what_is_delivered_again_changes_nothing(each: Case, bench: Workbench) -> None:
    once = await handled(bench, each)
    given = list(bench.calls.events)
    for again in (each.batch, each.batch[::-1], [each.batch[0]] * 3):
        plan = await bench.take(again, each.alone)
        assert sum(tally.duplicates for tally in plan.tallies.values()) == len(again)
        assert same(await bench.state(), once)
    assert bench.calls.events == given


async def test_what_lies_twice_in_one_batch_is_handled_once(each: Case, bench: Workbench) -> None:
    async with bench.undone():
        once = await handled(bench, each)
    await bench.take([twin for sample in each.batch for twin in (sample, sample)], each.alone)
    assert same(await bench.state(), once)


async def test_tables_stay_as_they_are_when_the_inbox_has_forgotten(each: Case, bench: Workbench) -> None:
    """The engine tells repeats apart for a week; what a service keeps must not double after that either."""
    once = await handled(bench, each)
    await bench.forget_ids()
    await bench.take(each.batch, each.alone)
    assert differences((await bench.state()).tables, once.tables).keys() <= COUNTERS


async def test_who_lost_the_lane_changes_and_announces_nothing(each: Case, bench: Workbench) -> None:
    before = await bench.state()
    async with bench.undone():
        undisturbed = await handled(bench, each)
    owner = await bench.claim()
    with pytest.raises(Fenced):
        await bench.take(each.batch, each.alone)
    assert bench.calls.events, "the fence was not met by a handler that had done its work"
    assert same(await bench.state(), before)
    bench.lane = owner
    await bench.take(each.batch, each.alone)
    assert same(await bench.state(), undisturbed)


async def test_a_failure_behind_a_handler_takes_all_of_it_back(each: Case, bench: Workbench) -> None:
    before = await bench.state()
    async with bench.undone():
        undisturbed = await handled(bench, each)
    with pytest.raises(HandlerFailed):
        await bench.take(each.batch, each.alone, failing=True)
    assert same(await bench.state(), before)
    await bench.take(each.batch, each.alone)
    assert same(await bench.state(), undisturbed)


async def test_unknown_fields_are_ignored(each: Case, bench: Workbench) -> None:
    async with bench.undone():
        known = await handled(bench, each)
    grown = [with_unknown_fields(sample) for sample in each.batch]
    assert all(b"field_of_the_future" in sample.value for sample in grown)
    await bench.take(grown, each.alone)
    assert same(await bench.state(), known)


def cuts(length: int) -> list[list[int]]:
    """Places to cut a batch at: in two, here and there, and into single events."""
    step = max(1, length // CUTS_MAX)
    return [*([place] for place in range(1, length, step)), list(range(1, length))]


async def test_a_batch_may_be_cut_anywhere(each: Case, bench: Workbench) -> None:
    async with bench.undone():
        whole = await handled(bench, each)
    for places in cuts(len(each.batch)):
        async with bench.undone():
            for first, last in zip([0, *places], [*places, len(each.batch)], strict=True):
                await bench.take(each.batch[first:last], each.alone)
            assert same(await bench.state(), whole)


@pytest.fixture(params=TIMERS, ids=lambda each: f"{each[0]}-{each[1]}")
async def timed(pools: Pools, request: pytest.FixtureRequest) -> AsyncIterator[tuple[Workbench, str]]:
    """A service after the whole story, two days later by the wall clock, and one kind of its timers."""
    service, kind = request.param
    samples = [*opening(has_office=service in WITH_OFFICE), *told(service)]
    async with workbench(service, pools[service], [*samples, *closing()]) as bench:
        await bench.take(samples, ROUTES[service])
        bench.calls.clear()
        bench.wall = datetime.now(UTC)
        yield bench, kind


async def closed(bench: Workbench, **options: Any) -> State:
    """The state after two months of silence."""
    await bench.take(closing(), options.pop("routes", ROUTES[bench.service]), **options)
    return await bench.state()


async def test_each_timer_is_set_by_the_story_and_does_something(timed: tuple[Workbench, str]) -> None:
    bench, kind = timed
    assert kind in {row[1] for row in (await bench.state()).timers}
    async with bench.undone():
        without = await closed(bench, routes=without_timer(ROUTES[bench.service], kind))
    full = await closed(bench)
    assert kind in bench.calls.kinds
    assert full.tables != without.tables


async def test_a_timer_whose_transaction_fails_stays_set_and_announces_nothing(
    timed: tuple[Workbench, str],
) -> None:
    bench, kind = timed
    before = await bench.state()
    async with bench.undone():
        undisturbed = await closed(bench)
    owner = await bench.claim()
    with pytest.raises(Fenced):
        await closed(bench)
    assert kind in bench.calls.kinds
    assert same(await bench.state(), before)
    bench.lane = owner
    with pytest.raises(HandlerFailed):
        await closed(bench, failing=True)
    assert same(await bench.state(), before)
    assert same(await closed(bench), undisturbed)


async def test_a_timer_that_fired_does_not_fire_again(timed: tuple[Workbench, str]) -> None:
    bench, kind = timed
    once = await closed(bench)
    bench.calls.clear()
    assert same(await closed(bench), once)
    assert kind not in bench.calls.kinds
