"""SQL of the spam classifier: verdicts that it learns from, and its models."""

import base64
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import NamedTuple

from services.moderation.domain.classifier import SHIPPED_VERSION, Classifier
from shared.postgres.connection import Connection
from shared.text import Linear

SHIPPED = Path(__file__).parents[1] / "samples" / "model.json"
SAMPLES_MAX = 20_000
"""Newest verdicts that a training reads."""
MODELS_KEPT = 10
"""Of a community; a model is some 70 kB."""

SAVE_VERDICTS = """
    INSERT INTO training_sample (community_id, message_id, text, label, verdict_at, overturned)
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::boolean[])
    ON CONFLICT (community_id, message_id) DO UPDATE SET
        text = excluded.text, label = excluded.label, verdict_at = excluded.verdict_at,
        overturned = excluded.overturned
    WHERE training_sample.verdict_at < excluded.verdict_at
       OR (training_sample.verdict_at = excluded.verdict_at AND excluded.overturned)
"""
LOAD_VERDICTS = """
    SELECT text, label FROM training_sample
    WHERE community_id = $1 AND NOT overturned
    ORDER BY verdict_at DESC, message_id DESC
    LIMIT $2
"""
NEWEST_MODELS = """
    SELECT DISTINCT ON (community_id) community_id, version, weights, slope, intercept
    FROM unnest($1::text[], $2::int[]) AS known (community_id, known_version)
    JOIN classifier_model USING (community_id)
    WHERE version > known_version
    ORDER BY community_id, version DESC
"""
TAKE_TURN = "SELECT pg_advisory_xact_lock(hashtext('classifier_model'), hashtext($1))"
SAVE_MODEL = """
    INSERT INTO classifier_model
        (community_id, version, weights, slope, intercept, metrics, samples, trained_at)
    SELECT $1, coalesce(max(version), 0) + 1, $2, $3, $4, $5::jsonb, $6, $7
    FROM classifier_model WHERE community_id = $1
    RETURNING version
"""
DROP_OLD_MODELS = "DELETE FROM classifier_model WHERE community_id = $1 AND version <= $2"


class Verdict(NamedTuple):
    """What an operator said of a message."""

    community_id: str
    message_id: str
    text: str
    label: str
    """`spam` or `ham`."""
    verdict_at: datetime
    overturned: bool
    """Another operator took it back at `verdict_at`."""


@cache
def shipped_model() -> Classifier:
    """The model of communities that have none of their own, trained on the shipped samples alone."""
    told = json.loads(SHIPPED.read_text(encoding="utf-8"))
    linear = Linear.unpack(base64.b64decode(told["weights"]))
    return Classifier(SHIPPED_VERSION, linear, told["slope"], told["intercept"])


async def save_verdicts(connection: Connection, verdicts: Sequence[Verdict]) -> None:
    """Keep the newest verdict about each message, in whatever order they come; twice changes nothing."""
    newest: dict[tuple[str, str], Verdict] = {}
    for verdict in sorted(verdicts, key=lambda each: (each.verdict_at, each.overturned)):
        newest[verdict.community_id, verdict.message_id] = verdict
    if newest:
        rows = [newest[key] for key in sorted(newest)]
        await connection.execute(SAVE_VERDICTS, *map(list, zip(*rows, strict=True)))


async def load_verdicts(connection: Connection, community_id: str) -> list[tuple[str, str]]:
    """(text, label) of the newest that were not overturned, newest first."""
    return [tuple(row) for row in await connection.fetch(LOAD_VERDICTS, community_id, SAMPLES_MAX)]


async def newest_models(connection: Connection, known: Mapping[str, int]) -> dict[str, Classifier]:
    """Of communities that have a model newer than the known version; raises ValueError on a broken row."""
    if not known:
        return {}
    pairs = sorted(known.items())
    rows = await connection.fetch(NEWEST_MODELS, [name for name, _ in pairs], [number for _, number in pairs])
    return {
        row["community_id"]: Classifier(
            row["version"], Linear.unpack(row["weights"]), row["slope"], row["intercept"]
        )
        for row in rows
    }


async def save_model(
    connection: Connection,
    community_id: str,
    model: Classifier,
    *,
    metrics: Mapping[str, float],
    samples: int,
    trained_at: datetime,
) -> int:
    """Store a model as the community's newest, in the caller's transaction; its version.

    A model equal to the newest is not stored again: the version is that one's.
    """
    await connection.execute(TAKE_TURN, community_id)
    weights = model.linear.pack()
    newest = (await newest_models(connection, {community_id: 0})).get(community_id)
    if newest and (newest.linear.pack(), newest.slope, newest.intercept) == (
        weights,
        model.slope,
        model.intercept,
    ):
        return newest.version
    told = json.dumps(metrics, sort_keys=True)
    version: int = await connection.fetchval(
        SAVE_MODEL, community_id, weights, model.slope, model.intercept, told, samples, trained_at
    )
    await connection.execute(DROP_OLD_MODELS, community_id, version - MODELS_KEPT)
    return version
