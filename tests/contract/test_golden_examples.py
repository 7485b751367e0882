"""Golden examples: what was once written is read for ever, and is written again in the same way."""

import json
from datetime import datetime
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from shared.contracts.contract import Contract
from shared.contracts.envelope import read, write
from shared.contracts.registry import BY_TYPE, CONTRACTS
from tests.contract.examples import GOLDEN, Example, all_examples, examples_of
from tools.schemas.json_schemas import schema_of

EXAMPLES = [pytest.param(each, id=str(each)) for each in all_examples()]
TYPES = [pytest.param(each, id=each.TYPE) for each in CONTRACTS]


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_is_read_with_all_that_it_says(example: Example) -> None:
    envelope, data = read(*example.record)

    assert envelope.id == example.headers["ce_id"]
    assert envelope.source == example.headers["ce_source"]
    assert envelope.type == example.headers["ce_type"]
    assert envelope.time == datetime.fromisoformat(example.headers["ce_time"])
    assert envelope.traceparent == example.headers.get("ce_traceparent")
    event = BY_TYPE[envelope.type].model_validate_json(data)
    assert event.model_dump(mode="json", exclude_defaults=True) == example.data


@pytest.mark.parametrize("example", EXAMPLES)
def test_what_is_read_is_written_as_it_was(example: Example) -> None:
    envelope, data = read(*example.record)
    headers, value = write(example.contract.model_validate_json(data), envelope)

    assert {name: text.decode() for name, text in headers} == example.headers
    assert json.loads(value) == example.data


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_id_of_a_known_event_never_changes(example: Example) -> None:
    envelope, data = read(*example.record)
    event = example.contract.model_validate_json(data)

    assert event.identify(envelope.source, envelope.time) == example.headers["ce_id"]


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_fits_its_json_schema(example: Example) -> None:
    validator = Draft202012Validator(schema_of(example.contract), format_checker=FormatChecker())

    assert list(validator.iter_errors(example.data)) == []


@pytest.mark.parametrize("contract", TYPES)
def test_the_examples_of_a_type_show_every_field_and_the_least_that_is_needed(
    contract: type[Contract],
) -> None:
    shown = [set(example.data) for example in examples_of(contract)]
    required = {name for name, field in contract.model_fields.items() if field.is_required()}

    assert set().union(*shown) == set(contract.model_fields)
    assert required in shown


def test_every_golden_file_belongs_to_a_contract() -> None:
    wanted = {f"{contract.TYPE}.v{contract.VERSION}.json" for contract in CONTRACTS}

    assert {path.name for path in GOLDEN.glob("*.json")} == wanted


@pytest.mark.parametrize("example", EXAMPLES)
def test_fields_of_a_later_version_are_ignored_at_every_depth(example: Example) -> None:
    later = Example(example.name, {**example.headers, "ce_future": "x"}, _with_future_fields(example.data))

    envelope, data = read(*later.record)
    event = example.contract.model_validate_json(data)

    assert event == example.contract.model_validate(example.data)
    assert event.identify(envelope.source, envelope.time) == example.headers["ce_id"]


def _with_future_fields(data: Any) -> Any:
    if isinstance(data, list):
        return [_with_future_fields(each) for each in data]
    if not isinstance(data, dict):
        return data
    grown = {name: _with_future_fields(each) for name, each in data.items()}
    if all(isinstance(each, int) for each in data.values()):
        return grown  # a map from labels to numbers, where every key means something
    return {**grown, "mood_2031": {"score": [1, None, "暖"]}}


def test_a_message_of_a_later_minor_version_is_read() -> None:
    path = GOLDEN / "future" / "message.posted.v1.json"
    file = json.loads(path.read_text(encoding="utf-8"))
    example = Example("future", file["headers"], file["data"])

    envelope, data = read(*example.record)
    event = BY_TYPE[envelope.type].model_validate_json(data)

    known = {name: value for name, value in example.data.items() if name in type(event).model_fields}
    assert known.keys() < example.data.keys()
    assert event == type(event).model_validate(known)
    assert event.identify(envelope.source, envelope.time) == envelope.id
