"""Commands are carried out once, in time, the important first, and every one has its receipt."""

import asyncio
import contextlib
import itertools
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer

from connectors.sdk.buckets import Rate
from connectors.sdk.command_store import Arrived, CommandStore
from connectors.sdk.outcomes import Busy, Done, Gone, Refused, Unreachable
from connectors.sdk.states import read_states
from deploy.local.kafka import KafkaServer
from deploy.local.postgres import PostgresServer
from shared.contracts.commands import (
    AnswerJoinRequest,
    BanMember,
    Command,
    CommandExecuted,
    CommandFailed,
    DeleteMessage,
    MuteMember,
    PinMessage,
    RemoveMember,
    SendMessage,
    UnbanMember,
    UnmuteMember,
)
from shared.contracts.topics import CHAT_RECEIPTS
from tests.connector_world import Chat, records, until

ACTS = (
    DeleteMessage,
    MuteMember,
    UnmuteMember,
    RemoveMember,
    BanMember,
    UnbanMember,
    PinMessage,
    AnswerJoinRequest,
    SendMessage,
)


@pytest.fixture
def chat(kafka_server: KafkaServer, tmp_path: Path) -> Chat:
    """A community whose connector is not started yet."""
    return Chat(kafka_server.bootstrap_servers, tmp_path)


async def test_every_act_reaches_the_platform_and_is_answered(chat: Chat) -> None:
    asked = [chat.command(act) for act in ACTS]
    async with chat.running():
        ids = await chat.ask(*asked)
        receipts = await chat.receipts(len(ACTS))
    assert all(isinstance(receipts[each], CommandExecuted) for each in ids)
    assert sorted(type(each).TYPE for each in chat.platform.done) == sorted(act.TYPE for act in ACTS)


async def test_a_command_that_comes_twice_is_carried_out_once(chat: Chat) -> None:
    command, decided_at = chat.command(SendMessage), datetime.now(UTC)
    async with chat.running():
        await chat.ask(command, command, at=decided_at)
        await chat.ask(command, at=decided_at)
        await chat.outcome(chat.command(DeleteMessage))
    async with chat.running():
        await chat.ask(command, at=decided_at)
        await chat.outcome(chat.command(DeleteMessage))
    assert len([each for each in chat.platform.done if isinstance(each, SendMessage)]) == 1
    found = await records(chat.servers, CHAT_RECEIPTS, chat.community, 3)
    assert len(found) == len({receipt.command_id for _, receipt in found})


async def test_what_is_asked_before_the_platform_says_what_it_can_waits_for_that(chat: Chat) -> None:
    chat.platform.not_yet = 2
    async with chat.running():
        receipt = await chat.outcome(chat.command(MuteMember))
    assert isinstance(receipt, CommandExecuted)
    assert chat.platform.not_yet == 0


async def test_what_came_too_late_is_not_done(chat: Chat) -> None:
    async with chat.running():
        receipt = await chat.outcome(chat.command(SendMessage, seconds=-1))
    assert isinstance(receipt, CommandFailed)
    assert receipt.failure == "expired"
    assert chat.platform.done == []


async def test_commands_of_other_communities_and_platforms_are_left_alone(chat: Chat) -> None:
    chat.namespace = "qq"
    own = chat.command(SendMessage, channel_id="qq:1", member_id=None)
    foreign = chat.command(SendMessage, channel_id="tg:1", member_id=None)
    elsewhere = chat.command(SendMessage, community_id="c-of-nobody", channel_id="qq:1")
    async with chat.running():
        await chat.ask(foreign, elsewhere)
        await chat.outcome(own)
    assert chat.platform.done == [own]


@pytest.mark.parametrize(
    ("error", "failure"),
    [(Refused("no right"), "refused"), (Gone("no such member"), "refused")],
)
async def test_what_the_platform_will_not_do_is_said(chat: Chat, error: Exception, failure: str) -> None:
    chat.platform.answer = raising(error)
    async with chat.running():
        receipt = await chat.outcome(chat.command(MuteMember))
    assert (receipt.failure, receipt.detail) == (failure, str(error))


async def test_deleting_what_is_gone_counts_as_done(chat: Chat) -> None:
    chat.platform.answer = raising(Gone("no such message"))
    async with chat.running():
        receipt = await chat.outcome(chat.command(DeleteMessage))
    assert isinstance(receipt, CommandExecuted)


async def test_a_platform_that_asks_to_wait_gets_the_command_later_once(chat: Chat) -> None:
    answers: list[Exception] = [Busy("slow down", 0.3), Unreachable("503")]
    chat.platform.answer = in_turn(answers)
    async with chat.running():
        receipt = await chat.outcome(chat.command(SendMessage))
    assert isinstance(receipt, CommandExecuted)
    assert len(chat.platform.done) == 1


async def test_a_platform_that_is_away_until_the_deadline_leads_to_expired(chat: Chat) -> None:
    chat.platform.answer = raising(Unreachable("HTTP 500"))
    async with chat.running() as connector:
        receipt = await chat.outcome(chat.command(DeleteMessage, seconds=3))
        assert connector.executor.degraded
    assert (receipt.failure, receipt.detail, receipt.retryable) == ("expired", "HTTP 500", True)
    assert receipt.attempt > 1


async def test_a_text_that_was_perhaps_sent_is_never_sent_again(chat: Chat) -> None:
    chat.platform.answer = raising(Unreachable("no answer", unsure=True))
    async with chat.running():
        receipt = await chat.outcome(chat.command(SendMessage))
    assert receipt.failure == "failed"
    assert "may have been done" in receipt.detail


@pytest.mark.parametrize("safe", [True, False], ids=["repeatable", "not repeatable"])
async def test_a_connector_that_dies_within_an_act_does_nothing_twice(chat: Chat, safe: bool) -> None:
    chat.platform.drops_doubles = safe
    started = asyncio.Event()

    def die(command: Command) -> Done:
        started.set()
        raise asyncio.CancelledError

    chat.platform.answer = die
    with contextlib.suppress(asyncio.CancelledError):
        async with chat.running():
            (command_id,) = await chat.ask(chat.command(SendMessage))
            await started.wait()
    chat.platform.answer = lambda command: Done()
    async with chat.running():
        receipt = (await chat.receipts(1))[command_id]
    assert len(chat.platform.done) == (1 if safe else 0)
    assert isinstance(receipt, CommandExecuted if safe else CommandFailed)


async def test_moderation_goes_before_answers_and_answers_before_warm_up(chat: Chat) -> None:
    chat.platform.rates = (Rate(1, 0.2),)
    warm_ups = [chat.command(SendMessage, channel_id=f"hall{n}", purpose="warmup") for n in range(3)]
    rewards = [chat.command(SendMessage, channel_id=f"desk{n}", purpose="points") for n in range(3)]
    deletes = [chat.command(DeleteMessage, channel_id=f"room{n}") for n in range(3)]
    await chat.ask(*warm_ups, source="/hearth/engagement")
    await chat.ask(*rewards, source="/hearth/rewards")
    await chat.ask(*deletes, source="/hearth/moderation")
    async with chat.running() as connector:
        connector.conflict_with = "nobody, until all are here"
        while await connector.store.count_waiting() < 9:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        connector.conflict_with = None
        connector.executor.wake()
        await chat.receipts(9)
    assert chat.platform.done == [*deletes, *rewards, *warm_ups]


async def test_a_channel_is_spared_while_others_go_on(chat: Chat) -> None:
    chat.platform.channel_rates = (Rate(1, 0.5),)
    one = [chat.command(SendMessage, channel_id="hall") for _ in range(3)]
    other = chat.command(SendMessage, channel_id="garden")
    async with chat.running():
        await chat.ask(*one, other)
        await chat.receipts(4)
    hall = [at for at, each in zip(chat.platform.done_at, chat.platform.done, strict=True) if each in one]
    assert chat.platform.done.index(other) < 3
    assert min(later - earlier for earlier, later in itertools.pairwise(hall)) > 0.4
    assert [each for each in chat.platform.done if each in one] == one


async def test_hostile_records_stop_nothing(chat: Chat) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=chat.servers)
    await producer.start()
    for value in (b"\xff\x00", None, b"{}", b"[" * 20_000):
        await producer.send_and_wait("chat.commands", key=chat.community.encode(), value=value)
    await producer.stop()
    async with chat.running():
        assert isinstance(await chat.outcome(chat.command(DeleteMessage)), CommandExecuted)


async def test_two_connectors_of_one_place_do_not_both_act(chat: Chat) -> None:
    second = Chat(chat.servers, chat.folder, chat.community)
    async with chat.running():
        await until_beating(chat)
        async with second.running() as late:
            await until(lambda: late.conflict_with == chat.connector_id)
            await chat.outcome(chat.command(SendMessage))
        assert (len(chat.platform.done), len(second.platform.done)) == (1, 0)


async def test_a_rival_that_says_goodbye_leaves_the_place(chat: Chat) -> None:
    second = Chat(chat.servers, chat.folder, chat.community)
    async with chat.running():
        await until_beating(chat)
    async with second.running() as late:
        assert late.is_sole()


async def test_both_kinds_of_store_keep_the_same(postgres_server: PostgresServer, tmp_path: Path) -> None:
    for url in (f"sqlite:{tmp_path}/commands.db", postgres_server.url("postgres")):
        store = await CommandStore.open(url)
        row = Arrived("c1", "t", "{}", 1, 10, 20)
        await store.add([row, row, Arrived("c0", "t", "{}", 0, 11, 20)])
        assert [kept.command_id for kept in await store.waiting(10)] == ["c0", "c1"]
        assert (await store.start("c1"), await store.start("c1")) == (True, False)
        assert [(kept.command_id, kept.attempts) for kept in await store.in_doubt()] == [("c1", 1)]
        assert (await store.finish("c1", "r", 30), await store.finish("c1", "r2", 31)) == (True, False)
        assert [each.receipt for each in await store.unreported(10)] == ["r"]
        await store.reported(["c1"])
        await store.note("seen", "a")
        await store.note("seen", "b")
        assert (await store.noted("seen"), await store.count_waiting()) == ("b", 1)
        await store.forget(21)
        await store.add([row])
        assert len(await store.waiting(10)) == 2
        await store.close()


async def until_beating(chat: Chat) -> None:
    """Until the connector's first heartbeat is in the log."""
    async with asyncio.timeout(20):
        while chat.connector_id not in await read_states(chat.servers):  # noqa: ASYNC110
            await asyncio.sleep(0.1)


def raising(error: Exception) -> Callable[[Command], Done]:
    """A platform that always fails so."""

    def answer(command: Command) -> Done:
        raise error

    return answer


def in_turn(errors: list[Exception]) -> Callable[[Command], Done]:
    """A platform that fails in these ways, then does as it is asked."""

    def answer(command: Command) -> Done:
        if errors:
            raise errors.pop(0)
        return Done()

    return answer
