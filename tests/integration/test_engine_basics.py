"""The engine over a real Kafka and Postgres: effects once, an end for every record, a gapless outbox."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import asyncpg
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from shared.contracts.chat import MessageDeleted
from shared.contracts.contract import TEXT_CHARACTERS_MAX, Contract
from shared.contracts.envelope import seal, write
from shared.contracts.moderation import MessageRemoved
from shared.contracts.partitioning import partition_of
from shared.contracts.progress import CommunityProgress
from shared.contracts.topics import CHAT_COMMANDS, CHAT_EVENTS
from shared.engine import request_work
from shared.engine.partitions import inbox_week
from tests.engine_world import POISON, SERVICE, STOPPED_LANE, UNSTORABLE, World, fresh, message

Raw = tuple[bytes | None, list[tuple[str, Any]]]


def raw(event: Contract, occurred_at: datetime | None = None, **changed: bytes | None) -> Raw:
    """Value and headers of an event, with headers changed (or, for None, missing)."""
    moment = occurred_at or datetime.now(UTC)
    headers, value = write(event, seal(event, "/test", moment))
    kept = [(name, changed.get(name, each)) for name, each in headers]
    return value, [(name, each) for name, each in kept if each is not None]


async def produce(world: World, community: str, records: list[Raw], topic: str = CHAT_EVENTS) -> None:
    async with AIOKafkaProducer(bootstrap_servers=world.servers, max_request_size=4_000_000) as producer:
        for value, headers in records:
            await producer.send_and_wait(
                topic, value, key=community.encode(), partition=partition_of(community), headers=headers
            )


async def dead(world: World, community: str) -> dict[str, int]:
    rows = await world.admin.fetch(
        "SELECT reason, count(*) FROM probe.dead_letter WHERE key = $1 GROUP BY 1", community.encode()
    )
    return {row["reason"]: row["count"] for row in rows}


async def read_all(world: World, topic: str, partition: int) -> list[Any]:
    async with AIOKafkaConsumer(bootstrap_servers=world.servers, auto_offset_reset="earliest") as consumer:
        place = TopicPartition(topic, partition)
        consumer.assign([place])
        end = (await consumer.end_offsets([place]))[place]
        records: list[Any] = []
        while await consumer.position(place) < end:
            for batch in (await consumer.getmany(timeout_ms=500)).values():
                records += batch
        return records


async def test_every_message_has_one_effect_and_every_record_an_end(world: World) -> None:
    community = fresh()
    await world.publish([message(community, n) for n in range(1000)])
    async with world.engine():
        await world.until_effects(community, 1000)
    assert len(set(await world.effects(community))) == 1000
    assert await world.accounts_fit()


async def test_a_repeated_delivery_changes_nothing(world: World) -> None:
    community = fresh()
    moment = datetime.now(UTC)
    messages = [message(community, n) for n in range(50)]
    async with world.engine():
        await world.publish(messages * 2, moment)
        await world.publish(messages, moment)
        await world.publish([message(community, 50)], moment)
        await world.until_effects(community, 51)
    assert len(await world.effects(community)) == 51
    assert await world.accounts_fit()


async def test_reading_the_log_again_from_its_start_changes_nothing(world: World) -> None:
    community = fresh()
    await world.publish([message(community, n) for n in range(300)])
    async with world.engine():
        await world.until_effects(community, 300)
    await world.admin.execute("DELETE FROM probe.lane_offset")
    async with world.engine():
        await world.publish([message(community, 300)])
        await world.until_effects(community, 301)
    assert len(await world.effects(community)) == 301
    assert await world.accounts_fit()


async def test_a_poisoned_or_unstorable_event_is_set_aside_and_its_neighbours_are_kept(world: World) -> None:
    community = fresh()
    texts = {7: POISON, 100: UNSTORABLE, 101: UNSTORABLE, 250: POISON, 299: POISON}
    await world.publish([message(community, n, texts.get(n, "hello")) for n in range(300)])
    async with world.engine():
        await world.until_effects(community, 295)
    kept = await world.effects(community)
    assert sorted(kept) == sorted(f"{community}-{n}" for n in range(300) if n not in texts)
    assert await dead(world, community) == {"refused": 5}
    assert await world.accounts_fit()


async def test_what_cannot_be_decoded_is_set_aside_with_its_reason(world: World) -> None:
    community = fresh()
    good = message(community, 1)
    now = datetime.now(UTC)
    hostile: dict[str, list[Raw]] = {
        "empty": [(None, raw(good)[1])],
        "not_json": [(b"{", raw(good)[1]), (b"\xff\xfe", raw(good)[1])],
        "invalid": [(b'{"community_id": 1}', raw(good)[1]), (b"[]", raw(good)[1]), (b"null", raw(good)[1])],
        "no_envelope": [(raw(good)[0], []), raw(good, ce_id=None), raw(good, ce_type=None)],
        "bad_attribute": [raw(good, ce_time=b"yesterday"), raw(good, ce_source=b"\xff\xff")],
        "unknown_specversion": [raw(good, ce_specversion=b"9")],
        "unknown_version": [raw(good, ce_type=b"hearth.message.posted.v99")],
        "wrong_topic": [raw(_forged_progress(community))],
        "wrong_partition": [raw(message("somebody-else-entirely-1", 1))],
        "too_old": [raw(message(community, 90), now - timedelta(days=30))],
        "in_future": [raw(message(community, 91), now + timedelta(hours=1))],
    }
    records = [raw(message(community, 100))]
    for each in hostile.values():
        records += [*each, raw(message(community, 100 + len(records)))]
    await produce(world, community, records)
    async with world.engine():
        await world.until_effects(community, 1 + len(hostile))
    assert await dead(world, community) == {reason: len(each) for reason, each in hostile.items()}
    assert await world.accounts_fit()


def _forged_progress(community: str) -> CommunityProgress:
    return CommunityProgress(
        community_id=community, service="moderation", mode="wall", turns=9, clock=datetime.now(UTC)
    )


def _removed(community: str, message_id: str = "m") -> MessageRemoved:
    return MessageRemoved(
        community_id=community,
        message_id=message_id,
        member_id="a",
        channel_id="c",
        rule="x",
        posted_at=datetime.now(UTC),
    )


async def test_text_that_cannot_be_stored_is_made_storable(world: World) -> None:
    community = fresh()
    value, headers = raw(message(community, 1, "TEXT"))
    assert value is not None
    texts = ["a\\u0000b", "lone \\ud800 surrogate", "x" * 100_000]
    records: list[Raw] = [(value.replace(b"TEXT", text.encode()), _with_id(headers)) for text in texts]
    await produce(world, community, records)
    async with world.engine():
        await world.until_effects(community, 3)
    rows = await world.admin.fetch("SELECT text FROM probe.effect WHERE community_id = $1", community)
    stored = {row["text"] for row in rows}
    assert stored == {"a\N{REPLACEMENT CHARACTER}b", "lone \N{REPLACEMENT CHARACTER} surrogate", "x" * 50}
    assert len("x" * 100_000) > TEXT_CHARACTERS_MAX
    assert await dead(world, community) == {}


def _with_id(headers: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
    return [(name, uuid4().hex.encode() if name == "ce_id" else each) for name, each in headers]


async def test_unknown_types_and_types_of_others_are_counted_and_skipped(world: World) -> None:
    community = fresh()
    deleted = MessageDeleted(community_id=community, channel_id="hall", message_id="gone")
    records = [
        raw(message(community, 1), ce_type=b"hearth.something.new.v1"),
        raw(deleted),
        raw(message(community, 2)),
    ]
    await produce(world, community, records)
    async with world.engine():
        await world.until_effects(community, 1)
    row = await world.admin.fetchrow(
        "SELECT skipped FROM probe.lane_offset WHERE topic = $1 AND partition = $2",
        CHAT_EVENTS,
        partition_of(community),
    )
    assert row is not None
    assert row["skipped"] >= 2
    assert await dead(world, community) == {}


async def test_a_structured_event_is_read_like_a_binary_one(world: World) -> None:
    community = fresh()
    event = message(community, 1)
    envelope = seal(event, "/test", datetime.now(UTC))
    body = {
        "specversion": "1.0", "id": envelope.id, "source": envelope.source, "type": envelope.type,
        "time": envelope.time.isoformat(), "data": event.model_dump(mode="json"),
    }  # fmt: skip
    structured: Raw = (json.dumps(body).encode(), [("content-type", b"application/cloudevents+json")])
    binary = write(event, envelope)
    await produce(world, community, [structured, (binary[1], binary[0]), raw(message(community, 2))])
    async with world.engine():
        await world.until_effects(community, 2)
    assert sorted(await world.effects(community)) == [f"{community}-1", f"{community}-2"]


async def test_what_is_announced_arrives_once_per_event_and_in_order(world: World) -> None:
    community = fresh()
    await world.publish([message(community, n, f"announce {n}") for n in range(500)])
    async with world.engine():
        await world.until_effects(community, 500)
        await world.until_sent()
    records = await read_all(world, CHAT_COMMANDS, partition_of(community))
    ours = [json.loads(each.value)["message_id"] for each in records if each.key == community.encode()]
    assert ours == [f"{community}-{n}" for n in range(500)]
    assert await world.gaps() == 0


async def test_requests_announce_without_gaps_whatever_is_rolled_back(world: World) -> None:
    """Twenty writers, a third of their transactions rolled back, and a stranger's transaction left open."""
    stranger = await world.admin.acquire()
    opened = stranger.transaction()
    await opened.start()
    await stranger.execute("SELECT count(*) FROM probe.outbox")
    community = fresh()

    async def writer(number: int) -> int:
        done = 0
        for turn in range(30):
            try:
                async with request_work(world.app, SERVICE, f"entity-{number}") as work:
                    work.publish(
                        _removed(community).model_copy(update={"message_id": f"{number}-{turn}"}), work.now
                    )
                    if (number + turn) % 3 == 0:
                        raise ZeroDivisionError
                    done += 1
            except ZeroDivisionError:
                continue
        return done

    async with world.engine() as engine:
        written = sum(await asyncio.gather(*(writer(number) for number in range(20))))
        await world.until_sent()
        assert engine.is_live()
    await opened.rollback()
    await world.admin.release(stranger)
    records = await read_all(world, MessageRemoved.TOPIC, partition_of(community))
    ours = [json.loads(each.value)["message_id"] for each in records if each.key == community.encode()]
    assert len(ours) == len(set(ours)) == written
    by_writer: dict[str, list[int]] = {}
    for each in ours:
        by_writer.setdefault(each.split("-")[0], []).append(int(each.split("-")[1]))
    assert all(turns == sorted(turns) for turns in by_writer.values())
    assert await world.gaps() == 0


async def test_too_many_dead_letters_stop_the_lane_until_an_operator_resumes_it(world: World) -> None:
    community = fresh(STOPPED_LANE)
    broken: list[Raw] = [(b"{", raw(message(community, 1))[1])] * 60
    async with world.engine() as engine:
        await produce(world, community, broken)

        async def stopped() -> bool:
            return engine.processor.holdings.breakers[partition_of(community)].is_open

        await world.until_lane(community)
        await world.until(stopped)
        await produce(world, community, [raw(message(community, 2))])
        await asyncio.sleep(1)
        assert await world.effects(community) == []
        assert engine.resume(partition_of(community))
        assert not engine.resume(partition_of(community))
        await world.until_effects(community, 1)


async def test_a_handler_bug_holds_only_its_own_lane(world: World) -> None:
    good, bad = fresh(), fresh()
    while partition_of(bad) == partition_of(good):
        bad = fresh()
    world.bugs = frozenset({bad})
    await world.publish([message(bad, 1), *(message(good, n) for n in range(20))])
    async with world.engine():
        await world.until_effects(good, 20)
        await world.publish([message(good, 20)])
        await world.until_effects(good, 21)
        assert await world.effects(bad) == []
        assert await dead(world, bad) == {}
    world.bugs = frozenset()
    async with world.engine():
        await world.until_effects(bad, 1)


async def test_an_owner_frozen_in_the_middle_of_a_copy_holds_its_lane_for_seconds_only(world: World) -> None:
    """The backend waits for the rest of the rows, with the batch's ids in the inbox of its transaction."""
    community = fresh()
    said, moment = message(community, 0), datetime.now(UTC)

    async def rows() -> AsyncIterator[bytes]:
        yield b"1\t"
        await asyncio.Event().wait()

    identifier = said.identify("/test", moment)
    await world.app.execute("SELECT ensure_inbox_week($1)", inbox_week(identifier))
    frozen = await asyncpg.connect(world.app_url)
    await frozen.execute("BEGIN")
    await frozen.execute("INSERT INTO inbox VALUES ($1)", identifier)
    copying = asyncio.create_task(frozen.copy_to_table("effect", source=rows(), format="text"))
    await world.publish([said], moment)
    async with world.engine():
        await world.until_effects(community, 1)
    copying.cancel()
    frozen.terminate()
