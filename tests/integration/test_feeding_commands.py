"""What the feeding commands put into Kafka, run as an operator runs them."""

import asyncio
import json
import os
import signal
import sys
import uuid
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from typer.testing import CliRunner

from connectors.imports.feed import Feed
from connectors.imports.reading import Parsed
from connectors.sdk.profiles import changed, read_profile
from connectors.sdk.publisher import Publisher
from deploy.local.home import REPOSITORY
from deploy.local.kafka import KafkaServer
from shared.contracts.chat import ClockSet, MessagePosted
from shared.contracts.contract import Contract
from shared.contracts.envelope import read
from shared.contracts.partitioning import partition_of
from shared.contracts.profiles import CommunityProfile
from shared.contracts.registry import BY_TYPE
from shared.contracts.topics import CHAT_EVENTS
from tests.builders import posted, profile
from tools.cli import app

Run = Callable[..., Awaitable[tuple[int, str, str]]]
START = datetime(2024, 1, 1, tzinfo=UTC)


@pytest.fixture
def community() -> str:
    """A community that no other test writes to."""
    return f"c-{uuid.uuid4()}"


@pytest.fixture
def hearth(kafka_server: KafkaServer) -> Run:
    """`await hearth("import", …)`: exit code, stdout, stderr."""

    async def run(*arguments: str | Path) -> tuple[int, str, str]:
        process = await start(kafka_server, *arguments)
        out, err = await process.communicate()
        return process.returncode or 0, out.decode(), err.decode()

    return run


async def start(kafka: KafkaServer, *arguments: str | Path) -> asyncio.subprocess.Process:
    """The command as a process; no test here needs Postgres."""
    addresses = {
        "KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
        "DATABASE_URL": "postgresql://nobody@x/x",
    }
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tools.cli",
        *map(str, arguments),
        cwd=REPOSITORY,
        env={**os.environ, **addresses, "COLUMNS": "200"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def told(kafka: KafkaServer, community: str) -> list[tuple[str, Contract]]:
    """The community's records of `chat.events`: event id and data, in log order."""
    place = TopicPartition(CHAT_EVENTS, partition_of(community))
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka.bootstrap_servers, enable_auto_commit=False)
    await consumer.start()
    try:
        consumer.assign([place])
        await consumer.seek_to_beginning(place)
        end = (await consumer.end_offsets([place]))[place]
        found = []
        while await consumer.position(place) < end:
            for record in (await consumer.getmany(place, timeout_ms=1000)).get(place, ()):
                if record.key == community.encode():
                    envelope, data = read(record.headers, record.value)
                    found.append((envelope.id, BY_TYPE[envelope.type].model_validate_json(data)))
        return found
    finally:
        await consumer.stop()


def history(folder: Path, *texts: str) -> Path:
    """A file with one message a minute."""
    lines = [
        json.dumps({"id": n, "sent_at": str(START + timedelta(minutes=n)), "sender": "ann", "text": text})
        for n, text in enumerate(texts)
    ]
    path = folder / "history.jsonl"
    path.write_text("\n".join(lines) + "\n")
    return path


async def test_a_history_lies_between_its_clocks_behind_the_profile(
    hearth: Run, kafka_server: KafkaServer, community: str, tmp_path: Path
) -> None:
    path = history(tmp_path, "one", "two")
    code, out, err = await hearth(
        "import", "jsonl", path, "--community", community, "--name", "茶馆", "--timezone", "UTC"
    )
    assert code == 0, err
    assert "published 2 events" in out
    records = [data for _, data in await told(kafka_server, community)]
    assert [type(data) for data in records] == [
        CommunityProfile,
        ClockSet,
        MessagePosted,
        MessagePosted,
        ClockSet,
    ]
    clocks = [data for data in records if isinstance(data, ClockSet)]
    assert [(clock.mode, clock.to) for clock in clocks] == [("event", None), ("wall", None)]
    assert len({clock.run_id for clock in clocks}) == 1
    known = await read_profile(kafka_server.bootstrap_servers, community)
    assert known == records[0]
    assert known is not None
    assert (known.name, known.time_zone, known.locale) == ("茶馆", "UTC", "zh-CN")


async def test_importing_twice_publishes_the_same_ids_under_new_clocks(
    hearth: Run, kafka_server: KafkaServer, community: str, tmp_path: Path
) -> None:
    path = history(tmp_path, "one", "two", "three")
    for _ in range(2):
        assert (await hearth("import", "jsonl", path, "--community", community))[0] == 0
    records = await told(kafka_server, community)
    messages = [event_id for event_id, data in records if isinstance(data, MessagePosted)]
    assert messages[:3] == messages[3:]
    assert len(set(messages)) == 3
    clocks = [event_id for event_id, data in records if isinstance(data, ClockSet)]
    assert len(set(clocks)) == 4


async def test_a_second_import_keeps_what_the_first_said_of_the_community(
    hearth: Run, kafka_server: KafkaServer, community: str, tmp_path: Path
) -> None:
    path = history(tmp_path, "one")
    await hearth("import", "jsonl", path, "--community", community, "--name", "茶馆", "--timezone", "UTC")
    await hearth("import", "jsonl", path, "--community", community, "--locale", "en")
    known = await read_profile(kafka_server.bootstrap_servers, community)
    assert known is not None
    assert (known.name, known.time_zone, known.locale) == ("茶馆", "UTC", "en")


async def test_bad_lines_are_counted_shown_and_not_fatal(hearth: Run, community: str, tmp_path: Path) -> None:
    path = history(tmp_path, "one")
    path.write_text(path.read_text() + "{\n" + '{"sender": "x"}\n')
    code, out, _ = await hearth("import", "jsonl", path, "--community", community, "--json")
    assert code == 0
    document = json.loads(out)
    assert (document["published"], document["bad_lines"]) == (1, 2)
    assert document["first_bad_lines"] == [
        "history.jsonl:2: the line is no JSON",
        "history.jsonl:3: sent_at is missing",
    ]


async def test_an_import_that_is_stopped_gives_the_community_its_real_clock_back(
    kafka_server: KafkaServer, community: str, tmp_path: Path
) -> None:
    path = history(tmp_path, *["again"] * 300_000)
    process = await start(kafka_server, "import", "jsonl", path, "--community", community)
    while not any(isinstance(data, MessagePosted) for _, data in await told(kafka_server, community)):
        assert process.returncode is None
    process.send_signal(signal.SIGTERM)
    _, err = await process.communicate()
    assert process.returncode == 1
    assert "stopped" in err.decode()
    records = [data for _, data in await told(kafka_server, community)]
    assert len(records) < 300_000
    assert isinstance(records[-1], ClockSet)
    assert records[-1].mode == "wall"


async def test_a_history_that_breaks_gives_the_community_its_real_clock_back(
    kafka_server: KafkaServer, community: str
) -> None:
    def broken() -> Iterator[Parsed]:
        event = posted("one", START, community=community)
        yield Parsed(event.data, event.occurred_at)
        raise RuntimeError("the disk is gone")

    async def feed() -> None:
        async with Publisher(kafka_server.bootstrap_servers, "/test") as publisher:
            await Feed(publisher, profile(community)).run(broken())

    with pytest.raises(RuntimeError, match="the disk is gone"):
        await feed()
    kinds = [data.TYPE for _, data in await told(kafka_server, community)]
    assert kinds == ["community.profile", "clock.set", "message.posted", "clock.set"]


async def test_advance_sets_the_event_clock_to_a_local_time(
    hearth: Run, kafka_server: KafkaServer, community: str
) -> None:
    code, _, err = await hearth("advance", community, "--to", "2026-04-02")
    assert code == 1
    assert "no community" in err
    assert (await hearth("community", "set", community, "--timezone", "Asia/Tokyo"))[0] == 0
    assert (await hearth("advance", community, "--to", "2026-04-02"))[0] == 0
    clock = (await told(kafka_server, community))[-1][1]
    assert isinstance(clock, ClockSet)
    assert (clock.mode, clock.to) == ("event", datetime(2026, 4, 1, 15, tzinfo=UTC))


async def test_a_simulation_in_a_file_is_the_same_as_one_that_is_published(
    hearth: Run, kafka_server: KafkaServer, community: str, tmp_path: Path
) -> None:
    what = ("--community", community, "--from", "2026-03-01", "--days", "2", "--members", "40")
    path = tmp_path / "two-days.jsonl.gz"
    assert (await hearth("simulate", *what, "--out", path))[0] == 0
    assert (await hearth("simulate", *what))[0] == 0
    published = [data for _, data in await told(kafka_server, community)]
    assert (await hearth("import", "events", path, "--community", community))[0] == 0
    imported = [data for _, data in await told(kafka_server, community)][len(published) :]
    wanted = [data for data in published if not isinstance(data, ClockSet | CommunityProfile)]
    assert [data for data in imported if not isinstance(data, ClockSet | CommunityProfile)] == wanted
    assert len(wanted) > 50


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("import", "/dev/null", "--community", "c"), "no format"),
        (("import", "jsonl", "/no/such.jsonl", "--community", "c"), "No such file"),
        (("import", "jsonl", "/dev/null", "--community", "c", "--timezone", "Mars/Base"), "time zone"),
        (("import", "jsonl", "/dev/null", "--community", "c", "--clock", "sun"), "event or wall"),
        (("simulate", "--community", "c", "--from", "March"), "no date"),
        (("advance", "c", "--to", "soon"), "no time"),
    ],
)
def test_a_mistake_is_said_in_a_sentence(arguments: tuple[str, ...], why: str) -> None:
    result = CliRunner(env={"COLUMNS": "200"}).invoke(app, arguments)
    assert result.exit_code == 2
    assert why in result.output


@pytest.mark.parametrize(
    ("community_id", "why"), [("c" * 300, "community_id"), ("empty", "no event was found in these files")]
)
async def test_nothing_to_import_is_said_in_a_sentence(hearth: Run, community_id: str, why: str) -> None:
    code, _, err = await hearth("import", "jsonl", "/dev/null", "--community", community_id)
    assert code == 1
    assert why in err
    assert "Traceback" not in err


async def test_a_kafka_that_is_not_there_is_said_in_a_sentence(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tools.cli",
        "import",
        "jsonl",
        str(history(tmp_path, "one")),
        "--community",
        "c",
        cwd=REPOSITORY,
        env={**os.environ, "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1", "DATABASE_URL": "postgresql://x@x/x"},
        stderr=asyncio.subprocess.PIPE,
    )
    _, err = await process.communicate()
    assert process.returncode == 1
    assert "does not answer" in err.decode()
    assert "Traceback" not in err.decode()


def test_a_change_of_a_profile_is_always_newer_than_what_is_known() -> None:
    known = profile("tea", name="茶馆")
    assert changed(known, "tea", 0, locale="en").revision == known.revision + 1
    assert changed(known, "tea", 99, locale="en").name == "茶馆"
    assert changed(None, "tea", 99) == CommunityProfile(community_id="tea", revision=99)


async def test_a_format_is_found_out_and_a_dry_run_publishes_nothing(
    hearth: Run, kafka_server: KafkaServer, community: str, tmp_path: Path
) -> None:
    path = history(tmp_path, "one", "two")
    (tmp_path / "letter.txt").write_text("随便写的\n一封信\n")
    code, out, err = await hearth("import", path, "--community", community, "--dry-run", "--json")
    assert code == 0, err
    found = json.loads(out)
    assert (found["format"], found["events"], found["kinds"]) == ("jsonl", 2, {"message.posted": 2})
    assert (found["members"], found["channels"]) == (1, {"general": 2})
    assert await told(kafka_server, community) == []
    code, _, err = await hearth("import", tmp_path / "letter.txt", "--community", community)
    assert code == 2
    assert "no format that is known" in err
    code, out, err = await hearth("import", path, "--community", community, "--json")
    assert (code, json.loads(out)["published"]) == (0, 2), err


def noted(folder: Path) -> list[Path]:
    """The notes of imports that did not come to their end."""
    return list(folder.glob("home/imports/*.progress"))


async def test_an_import_that_was_stopped_goes_on(
    kafka_server: KafkaServer, hearth: Run, community: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEARTH_HOME", str(tmp_path / "home"))
    path = history(tmp_path, *(f"第{number}句" for number in range(60_000)))
    process = await start(kafka_server, "import", path, "--community", community)
    while not noted(tmp_path):
        assert process.returncode is None
        await asyncio.sleep(0.05)
    process.kill()
    await process.communicate()
    code, out, err = await hearth("import", path, "--community", community, "--resume", "--json")
    assert code == 0, err
    summary = json.loads(out)
    assert summary["passed_over"] >= 5_000
    assert summary["published"] + summary["passed_over"] == 60_000
    records = await told(kafka_server, community)
    ids = {event_id for event_id, data in records if isinstance(data, MessagePosted)}
    assert len(ids) == 60_000, "0 lost"
    assert not noted(tmp_path)


async def test_csv_columns_are_named_on_the_command_line(hearth: Run, community: str, tmp_path: Path) -> None:
    path = tmp_path / "chat.csv"
    path.write_text("何时,谁,说\n2024-03-05T12:00:00Z,ann,早\n")
    columns = [each for pair in ("sent_at=何时", "sender=谁", "text=说") for each in ("--column", pair)]
    code, out, err = await hearth("import", "csv", path, "--community", community, *columns, "--dry-run")
    assert code == 0, err
    assert "events: 1" in out
    code, _, err = await hearth("import", "csv", path, "--community", community, "--column", "who=谁")
    assert code == 2
    assert "FIELD=HEADING" in err
