"""The AsyncAPI document: every reference leads somewhere, and every example fits its message."""

from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator, FormatChecker
from referencing import Registry
from referencing.jsonschema import DRAFT7

from shared.contracts.registry import CONTRACTS
from shared.contracts.topics import PARTITIONS, TOPICS
from tests.contract.examples import Example, all_examples
from tools.schemas.__main__ import DOCS

DOCUMENT: dict[str, Any] = yaml.safe_load((DOCS / "asyncapi.yaml").read_text(encoding="utf-8"))
REGISTRY: Registry[Any] = Registry().with_resource("", DRAFT7.create_resource(DOCUMENT))


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for each in node.values():
            yield from references(each)
    elif isinstance(node, list):
        for each in node:
            yield from references(each)


def test_every_reference_leads_somewhere() -> None:
    resolver = REGISTRY.resolver()
    found = set(references(DOCUMENT))

    assert len(found) > len(CONTRACTS)
    for reference in found:
        assert resolver.lookup(reference).contents


def test_every_topic_is_a_channel_with_its_partitions() -> None:
    channels = DOCUMENT["channels"]

    assert list(channels) == [topic.name for topic in TOPICS]
    for topic in TOPICS:
        kafka = channels[topic.name]["bindings"]["kafka"]
        assert kafka["partitions"] == PARTITIONS
        assert ("topicConfiguration" in kafka) == topic.compacted


def test_every_contract_is_a_message_of_its_topic() -> None:
    for contract in CONTRACTS:
        topics = [name for name, each in DOCUMENT["channels"].items() if contract.TYPE in each["messages"]]
        assert topics
        assert not contract.TOPIC or contract.TOPIC in topics


@pytest.mark.parametrize("example", [pytest.param(each, id=str(each)) for each in all_examples()])
def test_an_example_fits_headers_and_payload_of_its_message(example: Example) -> None:
    message = DOCUMENT["components"]["messages"][example.contract.TYPE]

    def errors(schema: dict[str, Any], instance: object) -> list[str]:
        rooted = {**schema, "components": DOCUMENT["components"]}
        validator = Draft7Validator(rooted, format_checker=FormatChecker())
        return [error.message for error in validator.iter_errors(instance)]

    assert errors(message["payload"], example.data) == []
    assert errors(message["headers"], example.headers) == []
    assert errors(message["headers"], {**example.headers, "ce_type": "hearth.other.v1"}) != []
    missing = next(iter(example.data))
    assert errors(message["payload"], {**example.data, missing: ["no text"]}) != []
