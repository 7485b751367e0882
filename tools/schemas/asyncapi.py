"""The AsyncAPI 3.0 document: topics, and a message per type with its own headers and payload."""

import inspect
from typing import Any

import yaml
from pydantic.json_schema import models_json_schema

from shared.contracts.contract import Contract
from shared.contracts.registry import CONTRACTS
from shared.contracts.topics import COMPACTED, PARTITIONS
from tools.schemas.channels import CHANNELS, Channel

Node = dict[str, Any]
VERSION = "1.0.0"
"""Of the contracts as a whole: the middle number grows when a field or type is added."""
KAFKA_BINDING = "0.5.0"
DESCRIPTION = """\
Hearth runs online communities. Connectors publish what happens in the chats, four services react, and
connectors carry their commands back. Every message is a CloudEvent 1.0 in binary mode; the key is the
community. This document speaks from the services' side: they receive what connectors send.
"""


def asyncapi() -> str:
    """The document as YAML."""
    document = {
        "asyncapi": "3.0.0",
        "info": {"title": "Hearth", "version": VERSION, "description": DESCRIPTION},
        "defaultContentType": "application/json",
        "channels": {channel.topic: _channel(channel) for channel in CHANNELS},
        "operations": {name: operation for channel in CHANNELS for name, operation in _operations(channel)},
        "components": {
            "messages": {contract.TYPE: _message(contract) for contract in CONTRACTS},
            "schemas": _schemas(),
        },
    }
    return yaml.dump(document, Dumper=_Plain, sort_keys=False, allow_unicode=True, width=110)


class _Plain(yaml.SafeDumper):
    """Writes every node out, since anchors confuse readers of an API document, and long text as it is."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: _Plain, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Plain.add_representer(str, _text)


def _channel(channel: Channel) -> Node:
    kafka: Node = {"topic": channel.topic, "partitions": PARTITIONS, "bindingVersion": KAFKA_BINDING}
    if channel.topic in COMPACTED:
        kafka["topicConfiguration"] = {"cleanup.policy": ["compact"]}
    return {
        "address": channel.topic,
        "title": channel.topic,
        "description": f"{channel.meaning} Published by {channel.publisher}.",
        "messages": {each.TYPE: {"$ref": f"#/components/messages/{each.TYPE}"} for each in channel.contracts},
        "bindings": {"kafka": kafka},
    }


def _operations(channel: Channel) -> list[tuple[str, Node]]:
    title = "".join(word.capitalize() for word in channel.topic.split("."))
    to = {"$ref": f"#/channels/{channel.topic}"}
    operations = []
    if channel.received:
        operations.append((f"receive{title}", {"action": "receive", "channel": to}))
    if channel.sent:
        operations.append((f"send{title}", {"action": "send", "channel": to}))
    return operations


def _message(contract: type[Contract]) -> Node:
    return {
        "name": contract.ce_type(),
        "title": contract.__name__,
        "summary": inspect.cleandoc(contract.__doc__ or "").partition("\n")[0],
        "contentType": "application/json",
        "headers": {
            "allOf": [
                {"$ref": "#/components/schemas/CloudEventHeaders"},
                {"type": "object", "properties": {"ce_type": {"const": contract.ce_type()}}},
            ]
        },
        "payload": {"$ref": f"#/components/schemas/{contract.__name__}"},
        "bindings": {"kafka": _key()},
    }


def _key() -> Node:
    return {
        "key": {"type": "string", "description": "The community_id."},
        "bindingVersion": KAFKA_BINDING,
    }


def _headers() -> Node:
    return {
        "type": "object",
        "required": ["ce_specversion", "ce_id", "ce_source", "ce_type", "ce_time"],
        "properties": {
            "ce_specversion": {"const": "1.0"},
            "ce_id": {
                "type": "string",
                "minLength": 1,
                "maxLength": 1024,
                "description": "Unique per source; the same for every delivery of the same event.",
            },
            "ce_source": {"type": "string", "minLength": 1, "maxLength": 1024, "format": "uri-reference"},
            "ce_type": {"type": "string"},
            "ce_time": {"type": "string", "format": "date-time", "description": "When it happened."},
            "content-type": {"const": "application/json"},
            "ce_traceparent": {"type": "string", "description": "W3C trace context."},
        },
    }


def _schemas() -> Node:
    models = [(contract, "validation") for contract in CONTRACTS]
    _, definitions = models_json_schema(models, ref_template="#/components/schemas/{model}")  # type: ignore[arg-type]
    return {"CloudEventHeaders": _headers(), **definitions["$defs"]}
