"""The index of all events for people: type, topics, publisher, meaning and fields."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime

from shared.contracts.chat import MessagePosted
from shared.contracts.contract import TEXT_CHARACTERS_MAX, Contract
from shared.contracts.envelope import seal, write
from shared.contracts.registry import CONTRACTS
from shared.contracts.topics import PARTITIONS
from tools.schemas.channels import CHANNELS, channels_of
from tools.schemas.json_schemas import Schema, file_name, schema_of

ID_MAX, LABEL_MAX = 255, 512
STRINGS = {(1, ID_MAX): "id", (0, LABEL_MAX): "label", (0, TEXT_CHARACTERS_MAX): "text"}
"""Names of the text types by their shortest and longest."""

OPENING = f"""\
# Events and commands

Written by `make schemas` from `shared/contracts`; changes made here are lost.

Every record is a CloudEvent 1.0. In binary mode, which Hearth writes, the attributes are headers
(`ce_specversion: 1.0`, `ce_id`, `ce_source`, `ce_type`, `ce_time`, `content-type: application/json`) and the
value is the JSON data below. Structured mode (`content-type: application/cloudevents+json`) is read as well.
`ce_time` is when it happened, RFC 3339 with a zone. The record's key is the `community_id`; every topic has
{PARTITIONS} partitions, and Kafka's default partitioner (murmur2 of the key) gives a community the same
partition in each. A record in another partition, or on a topic that does not carry its type, becomes a dead
letter.

The id of an event is a UUID version 8 whose first 48 bits are the milliseconds of `ce_time`. A delivery that
is repeated has the same id, and counts once. Any other id that is unique for its `ce_source` is accepted too:
services then derive their own from time, source and id. To make our ids yourself, take the source, the type,
the community and the fields under *identity*, each as `<characters>:<text>`, one behind the other; hash that
with BLAKE2b to 10 bytes. The hash's first 76 bits fill the UUID behind time and version, but for the two of
the variant.

Fields are only ever added, with a default. A field that is absent has its default. Unknown fields are
ignored, unknown types are skipped and counted, and an unknown major version becomes a dead letter.
[`asyncapi.yaml`](../asyncapi.yaml) says the same to tools; `tests/contract/golden` has an example of each.

Types: an **id** is text of 1–{ID_MAX} characters, a **label** text of at most {LABEL_MAX}, **text** has at
most {TEXT_CHARACTERS_MAX} characters.
"""
EXAMPLE = MessagePosted(
    community_id="tea", channel_id="hall", message_id="1001", member_id="ann", text="大家早上好，签到"
)
EXAMPLE_SOURCE = "/connectors/example"
EXAMPLE_TIME = datetime(2024, 3, 5, 4, 0, 1, 250_000, tzinfo=UTC)


def index() -> str:
    """The whole page, in Markdown."""
    parts = [OPENING, _example(), _topics(), *(_section(contract) for contract in CONTRACTS)]
    return "\n".join(parts)


def _example() -> str:
    headers, value = write(EXAMPLE, seal(EXAMPLE, EXAMPLE_SOURCE, EXAMPLE_TIME))
    named = "".join([f"{len(part)}:{part}" for part in (EXAMPLE_SOURCE, EXAMPLE.TYPE, "tea", "1001")])
    lines = [f"{name}: {text.decode()}" for name, text in headers]
    record = "\n".join(["key: tea", *lines, "", value.decode()])
    return f"A message, whose id hashes `{named}`:\n\n```\n{record}\n```\n"


def _topics() -> str:
    rows = ["| topic | published by | carries |", "|---|---|---|"]
    for channel in CHANNELS:
        links = " · ".join(f"[{each.TYPE}](#{_anchor(each)})" for each in channel.contracts)
        rows.append(f"| `{channel.topic}` | {channel.publisher} | {channel.meaning} {links} |")
    return "\n".join(rows) + "\n"


def _anchor(contract: type[Contract]) -> str:
    return re.sub(r"[^\w-]", "", contract.TYPE)


def _section(contract: type[Contract]) -> str:
    schema = schema_of(contract)
    channels = channels_of(contract)
    topics = " and ".join(f"`{channel.topic}`" for channel in channels)
    publishers = sorted({name for channel in channels for name in channel.publisher.split(", ")})
    lines = [
        f"## {contract.TYPE}",
        "",
        schema["description"],
        "",
        f"- `ce_type`: `{contract.ce_type()}`, on {topics}, from {', '.join(publishers)}",
        f"- identity: {', '.join(f'`{name}`' for name in contract.IDENTITY)}",
        f"- schema: [{file_name(contract)}]({file_name(contract)})",
        "",
        "| field | type | default | meaning |",
        "|---|---|---|---|",
        *_rows(schema),
        "",
    ]
    return "\n".join(lines)


def _rows(schema: Schema) -> Iterator[str]:
    required = frozenset(schema.get("required", ()))
    for name, field in schema["properties"].items():
        default = "required" if name in required else f"`{json.dumps(field.get('default'))}`"
        meaning = " ".join(field.get("description", "").split())
        yield f"| `{name}` | {_type(field, schema)} | {default} | {meaning} |"


def _type(field: Schema, root: Schema) -> str:
    """A field's type in a few words: `id or null`, `list of label, at most 20`, `integer (≥ 1)`."""
    if "$ref" in field:
        target = root["$defs"][field["$ref"].rpartition("/")[2]]
        return f"object of {', '.join(f'`{name}`' for name in target['properties'])}"
    if "anyOf" in field:
        return " or ".join(_type(each, root) for each in field["anyOf"])
    if "enum" in field:
        return "one of " + ", ".join(f"`{value}`" for value in field["enum"])
    kind = field["type"]
    if kind == "array":
        limit = f", at most {field['maxItems']}" if "maxItems" in field else ""
        return f"list of {_type(field['items'], root)}{limit}"
    if kind == "object":
        return f"map to {_type(field['additionalProperties'], root)}"
    if kind == "string" and "format" not in field:
        return STRINGS.get((field.get("minLength", 0), field.get("maxLength", 0)), "string")
    return str(field.get("format", kind)) + _limits(field)


def _limits(field: Schema) -> str:
    signs = (("minimum", "≥"), ("exclusiveMinimum", ">"), ("maximum", "≤"))
    words = [f"{sign} {field[name]:g}" for name, sign in signs if name in field]
    return f" ({', '.join(words)})" if words else ""
