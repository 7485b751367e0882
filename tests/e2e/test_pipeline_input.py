"""What comes in from strangers: bad records, requests without credentials, the same log again."""

import re
from collections import Counter
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from aiokafka import ConsumerRecord

from deploy.local.roles import SERVICES
from shared.contracts.topics import CHAT_EVENTS, TOPICS
from tests.e2e.evening import a_minute_ago, flood, others
from tests.e2e.hostile import Hostile, hostile, message
from tests.e2e.stack_fixtures import Pipeline, every_sum_fits, topic_in
from tests.laws.tables import differences

TEA = "tea-again"
STRANGE = "nobody-ever-told-of-this-community"
DEAD = """
    SELECT topic, partition, "offset", reason FROM {service}.dead_letter WHERE key = $1 AND status = 'dead'
"""
FACTS = "SELECT subject_id, amount FROM reporting.fact WHERE community_id = $1 AND type = 'message.posted'"
OPEN = {("get", "/livez"), ("get", "/readyz")}
Counts = dict[str, Counter[str]]


async def dead_letters(live: Pipeline) -> Counts:
    """Open dead letters by service and reason, as `hearth status` tells them."""
    told = await live.hearth_json("status")
    return {name: Counter(each["dead_letters"]) for name, each in told["services"].items()}


async def on_the_metrics_port(live: Pipeline, name: str, label: int) -> Counts:
    """A counter by service and by one of its labels, of the chat's topic where it has topics."""
    found: Counts = {}
    for service in SERVICES:
        counted: Counter[str] = Counter()
        for labels, value in (await live.counters(service, name)).items():
            if len(labels) == 1 or CHAT_EVENTS in labels:
                counted[labels[label]] += int(value)
        found[service] = counted
    return found


async def cleaned(live: Pipeline) -> dict[str, float]:
    return {
        name: (await live.counters(name, "hearth_records_cleaned_total")).get((), 0.0) for name in SERVICES
    }


def grown(after: Counts, before: Counts) -> Counts:
    return {service: counted - before[service] for service, counted in after.items()}


@pytest.fixture
async def mix() -> list[Hostile]:
    return hostile(STRANGE, datetime.now(UTC) - timedelta(seconds=30))


async def test_every_bad_record_has_its_end_that_operators_see_and_blocks_nobody(
    live: Pipeline, mix: list[Hostile]
) -> None:
    await live.drain()
    status, dead, ends, clean = (
        await dead_letters(live),
        await on_the_metrics_port(live, "hearth_dead_letters_total", 0),
        await on_the_metrics_port(live, "hearth_records_total", 0),
        await cleaned(live),
    )
    neighbour = message(STRANGE, "neighbour")
    await live.lay([each.record(STRANGE) for each in mix])
    await live.publish([(neighbour, datetime.now(UTC))])
    drained = await live.drain()

    reasons = Counter(each.dead for each in mix if each.dead)
    taken = {each.name: each.characters for each in mix if each.characters}
    expected = dict.fromkeys(SERVICES, reasons)
    assert grown(await dead_letters(live), status) == expected
    assert grown(await on_the_metrics_port(live, "hearth_dead_letters_total", 0), dead) == expected
    assert grown(await on_the_metrics_port(live, "hearth_records_total", 0), ends) == {
        service: Counter(dead_lettered=reasons.total(), applied=len(taken) + 1, skipped=1)
        for service in SERVICES
    }
    washed = sum(each.cleaned for each in mix)
    assert await cleaned(live) == {service: count + washed for service, count in clean.items()}
    facts = {row[0]: row[1] for row in await live.database.fetch(FACTS, STRANGE)}
    assert facts == {**taken, "neighbour": len(neighbour.text)}
    for service in SERVICES:
        rows = await live.database.fetch(DEAD.format(service=service), STRANGE.encode())
        assert len({tuple(row)[:3] for row in rows}) == len(rows) == reasons.total()
    assert every_sum_fits(drained)
    assert drained.behind == 0 or all(topic_in(drained, name, CHAT_EVENTS).behind == 0 for name in SERVICES)


async def routes(client: httpx.AsyncClient, token: str) -> set[tuple[str, str]]:
    """Method and path of every route that the service describes, and of those that it does not."""
    answer = await client.get("/openapi.json", headers={"authorization": f"Bearer {token}"})
    described = {(method, path) for path, methods in answer.json()["paths"].items() for method in methods}
    return described | {("get", "/openapi.json"), ("get", "/docs"), ("get", "/"), ("post", "/asyncapi/try")}


@pytest.mark.parametrize("service", SERVICES)
async def test_without_credentials_only_the_health_checks_answer(live: Pipeline, service: str) -> None:
    process = live.service(service)
    async with httpx.AsyncClient(base_url=process.api_url, trust_env=False, timeout=30) as client:
        known = await routes(client, process.token)
        assert len(known) > len(OPEN) + 5
        for headers in ({}, {"authorization": f"Bearer {process.token}x"}, {"authorization": "Basic eDp4"}):
            answers = {
                (method, path): await client.request(method, re.sub(r"\{[^}]*\}", "1", path), headers=headers)
                for method, path in sorted(known)
            }
            assert {route for route, answer in answers.items() if answer.status_code != 401} == OPEN
            refusals = [answer for route, answer in answers.items() if route not in OPEN]
            assert {answer.headers["content-type"] for answer in refusals} == {"application/problem+json"}


REPLAYED = "SELECT count(*) FROM {service}.dead_letter WHERE topic = 'chat.events' AND status = 'replayed'"
"""Set aside once and applied later, so known when they come again."""


def kinds(records: list[ConsumerRecord]) -> Counter[tuple[str, bytes]]:
    """Facts and commands by topic and type; progress goes on for ever, and is left out."""
    told = Counter((each.topic, dict(each.headers).get("ce_type") or b"") for each in records)
    return Counter({what: count for what, count in told.items() if b".progress." not in what[1]})


async def test_the_whole_log_again_changes_nothing_in_any_service(live: Pipeline) -> None:
    begins = a_minute_ago()
    await live.publish([*others(TEA, begins), *flood(TEA, begins)])
    first = await live.drain()
    tables = await live.tables()
    assert all(any(kept.values()) for kept in tables.values())
    replayed = {
        service: await live.database.fetchval(REPLAYED.format(service=service)) for service in SERVICES
    }
    records = await live.log(*(topic.name for topic in TOPICS))
    await live.lay(records)
    second = await live.drain()
    again = await live.tables()
    for service in SERVICES:
        assert differences(again[service], tables[service]) == {}
        before, after = (topic_in(each, service, CHAT_EVENTS) for each in (first, second))
        assert after.applied == before.applied
        repeated = before.applied + before.duplicates + replayed[service]
        assert after.duplicates - before.duplicates == repeated
        assert after.dead_lettered == 2 * before.dead_lettered - replayed[service]
    twice = {what: 2 * count for what, count in kinds(records).items()}
    assert kinds(await live.log(*(topic.name for topic in TOPICS))) == twice
    assert every_sum_fits(second)
