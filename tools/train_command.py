"""`hearth moderation train`: a community's spam classifier learns from its operators' verdicts."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import asyncpg
import typer

from services.moderation.store import models
from services.moderation.training.samples import (
    BadSamples,
    Sample,
    distinct,
    read_samples,
    shipped_samples,
    verdict_samples,
)
from tools.addresses import Addresses, find_addresses
from tools.feed_run import fail, run
from tools.meter import meter

if TYPE_CHECKING:
    from services.moderation.training.fit import Trained

SCHEMA = "moderation"


@dataclass(frozen=True, slots=True)
class Outcome:
    """A training and the version under which its model is stored."""

    version: int
    verdicts: int
    trained: "Trained"


def train(
    community: Annotated[str, typer.Option(help="Id of the community whose verdicts count.")],
    samples: Annotated[
        Path | None, typer.Option(help='More samples: a line each, {"label": "spam" or "ham", "text": "…"}.')
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Train on the shipped samples, a file and the community's verdicts; the service takes the model up.

    Verdicts that were overturned teach nothing. The same samples give the same model, which is stored once.
    """
    from services.moderation.training.fit import CannotTrain  # scikit-learn takes a second to load

    addresses = find_addresses()
    try:
        sources = [shipped_samples(), read_samples(samples) if samples else []]
        outcome = run(_train(addresses, community, sources), addresses)
    except (BadSamples, CannotTrain) as error:
        fail(str(error))
    _show(community, outcome, as_json)


async def _train(addresses: Addresses, community: str, sources: list[list[Sample]]) -> Outcome:
    from services.moderation.training.fit import STEPS, CannotTrain, fit

    connection = await asyncpg.connect(addresses.admin_url, server_settings={"search_path": SCHEMA})
    try:
        verdicts = verdict_samples(await models.load_verdicts(connection, community))
        if not verdicts and not sources[1]:
            raise CannotTrain(
                f"{community!r} has no verdicts yet and no file was given: the shipped model stays in force"
            )
        with meter("train", STEPS) as advance:
            trained = fit(*distinct([*sources, verdicts]), advance)
        async with connection.transaction():
            version = await models.save_model(
                connection,
                community,
                trained.model,
                metrics=trained.metrics,
                samples=trained.samples,
                trained_at=datetime.now(UTC),
            )
    finally:
        await connection.close()
    return Outcome(version, len(verdicts), trained)


def _show(community: str, outcome: Outcome, as_json: bool) -> None:
    trained = outcome.trained
    if as_json:
        told = {"community": community, "version": outcome.version, "verdicts": outcome.verdicts}
        print(json.dumps({**told, "samples": trained.samples, "metrics": trained.metrics}, indent=2))
        return
    typer.echo(
        f"{community}: model {outcome.version} of {trained.samples} samples, {outcome.verdicts} verdicts"
    )
    typer.echo(
        f"on unseen samples: {trained.metrics['recall']:.1%} of spam found at 1 % false alarms, "
        f"area under ROC {trained.metrics['area_under_roc']}, Brier score {trained.metrics['brier_score']}"
    )
