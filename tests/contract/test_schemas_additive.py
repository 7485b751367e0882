"""Released schemas only ever gain fields, and the documents are as new as the contracts."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from shared.contracts.registry import CONTRACTS
from tools.schemas.__main__ import DOCS, RELEASED, stale, write
from tools.schemas.additivity import breaches, next_name
from tools.schemas.json_schemas import schema_of, schemas

CURRENT = {schema["x-ce-type"]: schema for schema in schemas().values()}
COPIES = [pytest.param(path, id=path.name) for path in sorted(RELEASED.glob("*.schema.json"))]


def load(path: Path) -> dict[str, Any]:
    schema: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return schema


@pytest.mark.parametrize("path", COPIES)
def test_a_released_schema_only_gains_fields(path: Path) -> None:
    released = load(path)

    assert released["x-ce-type"] in CURRENT, "a released type is gone"
    assert breaches(released, CURRENT[released["x-ce-type"]]) == []


def test_there_are_released_schemas_to_compare_with() -> None:
    assert len(COPIES) >= 55


def test_the_documents_are_as_new_as_the_contracts() -> None:
    assert stale(DOCS) == [], "run `make schemas`"


def test_a_changed_a_missing_and_a_left_over_document_are_named(tmp_path: Path) -> None:
    write(tmp_path)
    assert stale(tmp_path) == []

    (tmp_path / "asyncapi.yaml").write_text("asyncapi: 3.0.0")
    (tmp_path / "events" / "message.posted.v1.schema.json").unlink()
    (tmp_path / "events" / "message.sung.v1.schema.json").write_text("{}")

    assert [path.name for path in stale(tmp_path)] == [
        "asyncapi.yaml",
        "message.posted.v1.schema.json",
        "message.sung.v1.schema.json",
    ]
    write(tmp_path)
    assert stale(tmp_path) == []


def change(schema: dict[str, Any], **field: Any) -> dict[str, Any]:
    """The schema with fields replaced or, by None, gone; `Standing__parts` is a field of `Standing`."""
    changed = copy.deepcopy(schema)
    for name, value in field.items():
        home, _, key = name.rpartition("__")
        fields = (changed["$defs"][home] if home else changed)["properties"]
        if value is None:
            del fields[key]
        else:
            fields[key] = {**fields.get(key, {}), **value}
    return changed


PROFILE, MONTH, POSTED = (
    CURRENT["hearth.community.profile.v1"],
    CURRENT["hearth.month.closed.v1"],
    CURRENT["hearth.message.posted.v1"],
)
FAILED = CURRENT["hearth.command.failed.v1"]
BREAKING = {
    "a field is gone": (POSTED, change(POSTED, thread=None), "thread is gone"),
    "a nested field is gone": (MONTH, change(MONTH, Standing__parts=None), "top.parts is gone"),
    "a field has another type": (
        POSTED,
        change(POSTED, is_bot={"type": "string"}),
        "is_bot: type was boolean, is string",
    ),
    "a default is another": (
        PROFILE,
        change(PROFILE, locale={"default": "en"}),
        "locale: default was zh-CN, is en",
    ),
    "a text may be longer": (
        POSTED,
        change(POSTED, text={"maxLength": 99}),
        "text: maxLength was 32768, is 99",
    ),
    "an item may be longer": (
        POSTED,
        change(POSTED, mentions={"items": {"type": "string", "maxLength": 255}}),
        "mentions: minLength was 1, is None",
    ),
    "an optional field takes another type": (
        POSTED,
        change(POSTED, reply_to={"anyOf": [{"type": "integer"}, {"type": "null"}]}),
        "reply_to: maxLength was 255, is None",
    ),
    "an optional field may not be null": (
        POSTED,
        change(POSTED, thread={"anyOf": [{"type": "string", "maxLength": 512}]}),
        "thread: anyOf was",
    ),
    "an enumeration has a further word": (
        FAILED,
        change(FAILED, failure={"enum": [*FAILED["properties"]["failure"]["enum"], "asleep"]}),
        "failure: enum was",
    ),
    "a field is newly required": (
        POSTED,
        {**POSTED, "required": [*POSTED["required"], "text"]},
        "text is newly required",
    ),
    "a field is no longer required": (
        POSTED,
        {**POSTED, "required": POSTED["required"][:-1]},
        "member_id is no longer required",
    ),
    "the identity is another": (
        POSTED,
        {**POSTED, "x-identity": ["message_id", "channel_id"]},
        "the event: x-identity was",
    ),
    "the type is another": (POSTED, {**POSTED, "x-ce-type": "hearth.message.v1"}, "the event: x-ce-type was"),
    "a topic no longer carries it": (
        PROFILE,
        {**PROFILE, "x-topics": ["community.profiles"]},
        "no longer on chat.events",
    ),
}


@pytest.mark.parametrize("case", BREAKING, ids=lambda case: case.replace(" ", "-"))
def test_a_breaking_change_is_found(case: str) -> None:
    released, current, expected = BREAKING[case]

    found = breaches(released, current)

    assert any(each.startswith(expected) for each in found), found


def test_new_fields_with_defaults_and_better_words_are_no_breach() -> None:
    grown = change(POSTED, mood={"type": "string", "default": ""}, text={"description": "What was said."})
    grown = change(grown, Attachment__bytes={"type": "integer", "default": 0})

    assert breaches(POSTED, grown) == []
    assert breaches(grown, POSTED) == ["attachments.bytes is gone", "mood is gone"]


def test_a_schema_breaks_nothing_of_itself() -> None:
    assert [breaches(schema_of(each), schema_of(each)) for each in CONTRACTS] == [[] for _ in CONTRACTS]


def test_a_further_frozen_copy_gets_the_next_number(tmp_path: Path) -> None:
    names = []
    for _ in range(3):
        path = next_name(tmp_path, "message.posted.v1.schema.json")
        path.write_text("{}")
        names.append(path.name)

    assert names == [
        "message.posted.v1.schema.json",
        "message.posted.v1.2.schema.json",
        "message.posted.v1.3.schema.json",
    ]
