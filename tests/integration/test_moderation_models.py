"""Verdicts and models in the database, and the training that leads from one to the other."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from deploy.local.home import REPOSITORY
from services.moderation.domain.classifier import Classifier
from services.moderation.store import models
from services.moderation.store.models import Verdict, newest_models, save_model, save_verdicts, shipped_model
from shared.text import normalise_all
from tests.builders import NOON
from tests.servers import ServiceDatabase

TEXT = "本店新到一批盆栽绿植，欢迎群友到店选购"
Train = Callable[..., Awaitable[tuple[int, str, str]]]


@pytest.fixture
async def database(service_database: Callable[[str], Awaitable[ServiceDatabase]]) -> ServiceDatabase:
    """Moderation's, empty."""
    return await service_database("moderation")


@pytest.fixture
async def connection(database: ServiceDatabase) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """With the rights of the service."""
    connection = await asyncpg.connect(database.app_url)
    yield connection
    await connection.close()


@pytest.fixture
def train(database: ServiceDatabase) -> Train:
    """`await train("--community", "tea")`: exit code, stdout, stderr of the command."""

    async def run(*arguments: str | Path) -> tuple[int, str, str]:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tools.cli", "moderation", "train", *map(str, arguments),
            cwd=REPOSITORY, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
            env={**os.environ, "DATABASE_URL": database.admin_url, "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1"},
        )  # fmt: skip
        out, err = await process.communicate()
        return process.returncode or 0, out.decode(), err.decode()

    return run


def verdict(number: int, *, minutes: int = 0, label: str = "spam", overturned: bool = False) -> Verdict:
    """About one of many much alike messages of `tea`."""
    at = NOON + timedelta(minutes=minutes)
    return Verdict("tea", f"m{number}", f"{TEXT}，第{number}批", label, at, overturned)


async def stored(connection: Any, model: Classifier, community: str = "tea") -> int:
    async with connection.transaction():
        return await save_model(connection, community, model, metrics={}, samples=1, trained_at=NOON)


async def test_the_newest_verdict_counts_whatever_the_order(connection: Any) -> None:
    first, second = verdict(1), verdict(1, minutes=5, label="ham")
    for verdicts in ([first, second], [second, first], [second], [first]):
        await save_verdicts(connection, verdicts)
        assert [label for _, label in await models.load_verdicts(connection, "tea")] == ["ham"]


async def test_an_overturned_verdict_teaches_nothing_also_when_it_comes_late(connection: Any) -> None:
    overturned = verdict(1, minutes=5, overturned=True)
    for verdicts in ([overturned], [verdict(1)], [verdict(2)], [verdict(2, overturned=True)]):
        await save_verdicts(connection, verdicts)
    assert await models.load_verdicts(connection, "tea") == []


async def test_verdicts_of_another_community_teach_nothing(connection: Any) -> None:
    await save_verdicts(connection, [verdict(1)._replace(community_id="coffee")])
    assert await models.load_verdicts(connection, "tea") == []


async def test_the_newest_model_is_found_once_by_who_knows_an_older_one(connection: Any) -> None:
    shipped = shipped_model()
    other = Classifier(0, shipped.linear, shipped.slope, shipped.intercept + 1)
    assert await newest_models(connection, {"tea": 0}) == {}
    assert [await stored(connection, shipped), await stored(connection, other)] == [1, 2]
    assert await stored(connection, other) == 2
    found = await newest_models(connection, {"tea": 1, "coffee": 0})
    assert [(name, model.version) for name, model in found.items()] == [("tea", 2)]
    reads = normalise_all([TEXT, "hello"])
    assert found["tea"].probabilities(reads) == other.probabilities(reads)
    assert await newest_models(connection, {"tea": 2}) == {}
    assert await newest_models(connection, {}) == {}


async def test_trainings_at_once_get_versions_of_their_own(
    database: ServiceDatabase, connection: Any
) -> None:
    shipped = shipped_model()

    async def store(intercept: float) -> int:
        own = await asyncpg.connect(database.app_url)
        try:
            return await stored(own, Classifier(0, shipped.linear, shipped.slope, intercept))
        finally:
            await own.close()

    assert sorted(await asyncio.gather(*map(store, range(5)))) == [1, 2, 3, 4, 5]


async def test_only_the_last_models_are_kept(connection: Any) -> None:
    shipped = shipped_model()
    for number in range(models.MODELS_KEPT + 3):
        await stored(connection, Classifier(0, shipped.linear, shipped.slope, number))
    kept = await connection.fetch("SELECT version FROM classifier_model ORDER BY version")
    assert [row["version"] for row in kept] == list(range(4, models.MODELS_KEPT + 4))


async def test_a_model_is_never_changed(connection: Any) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute("UPDATE classifier_model SET slope = 0")


async def test_the_command_learns_from_verdicts_and_the_service_may_read_the_model(
    connection: Any, train: Train
) -> None:
    await save_verdicts(connection, [verdict(number) for number in range(30)])
    code, out, err = await train("--community", "tea", "--json")
    assert code == 0, err
    told = json.loads(out)
    assert (told["version"], told["verdicts"]) == (1, 30)
    assert told["metrics"]["area_under_roc"] > 0.9
    model = (await newest_models(connection, {"tea": 0}))["tea"]
    assert model.probabilities(normalise_all([TEXT]))[0] > 0.9
    code, out, err = await train("--community", "tea")
    assert code == 0, err
    assert out.startswith("tea: model 1 of ")
    row = await connection.fetchrow(
        "SELECT count(*) AS models, max(samples) AS samples FROM classifier_model"
    )
    assert (row["models"], row["samples"]) == (1, told["samples"])


async def test_the_command_refuses_with_a_sentence(train: Train, tmp_path: Path) -> None:
    assert await train("--community", "tea") == (
        1, "", "'tea' has no verdicts yet and no file was given: the shipped model stays in force\n",
    )  # fmt: skip
    (tmp_path / "bad").write_text("nonsense")
    code, out, err = await train("--community", "tea", "--samples", tmp_path / "bad")
    assert (code, out) == (1, "")
    assert err.endswith("bad, line 1 is no JSON object\n")


async def test_the_command_learns_from_a_file(connection: Any, train: Train, tmp_path: Path) -> None:
    path = tmp_path / "samples.jsonl"
    lines = [json.dumps({"label": "spam", "text": verdict(number).text}) for number in range(30)]
    path.write_text("\n".join(lines), encoding="utf-8")
    code, _, err = await train("--community", "tea", "--samples", path)
    assert code == 0, err
    assert set(await newest_models(connection, {"tea": 0})) == {"tea"}
