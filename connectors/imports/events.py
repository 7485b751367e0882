"""Hearth's own events, one CloudEvent in structured JSON a line: what `hearth simulate --out` writes."""

import json
from collections.abc import Iterator
from datetime import datetime

from pydantic import ValidationError

from connectors.imports.explain import explain
from connectors.imports.reading import BadLine, BadRecord, Item, Parsed, Reading
from connectors.imports.source import Broken, Source
from shared.contracts.chat import CHAT_CONTRACTS, ClockSet
from shared.contracts.contract import Contract
from shared.contracts.envelope import Refused, format_time, read, seal

STRUCTURED = [("content-type", b"application/cloudevents+json")]
ACCEPTED = {contract.ce_type(): contract for contract in CHAT_CONTRACTS if contract is not ClockSet}


class EventLines:
    """One event a line."""

    def read(self, source: Source, reading: Reading) -> Iterator[Item]:
        """The file's events."""
        number = 0
        try:
            for number, content in source.lines():
                if content is None:
                    yield BadLine(number, "the line is too long")
                elif content.strip():
                    yield _item(number, content, reading)
        except Broken as error:
            yield BadLine(number + 1, str(error))


def write_line(event: Contract, occurred_at: datetime, source: str) -> str:
    """The event as such a line, with its end."""
    envelope = seal(event, source, occurred_at)
    structured = {
        "specversion": "1.0",
        "id": envelope.id,
        "source": source,
        "type": envelope.type,
        "time": format_time(occurred_at),
        "datacontenttype": "application/json",
        "data": event.model_dump(mode="json", exclude_defaults=True),
    }
    return json.dumps(structured, ensure_ascii=False, separators=(",", ":")) + "\n"


def _item(number: int, content: bytes, reading: Reading) -> Item:
    try:
        envelope, data = read(STRUCTURED, content)
        contract = ACCEPTED.get(envelope.type)
        if contract is None:
            raise BadRecord(f"{envelope.type[:60]} is no event of a chat")
        event = reading.cleaner.build(contract, **json.loads(data))
        if event.community_id != reading.community_id:
            raise BadRecord(f"the event belongs to the community {event.community_id[:60]!r}")
        return Parsed(event, reading.plausible(envelope.time))
    except (BadRecord, Refused) as error:
        return BadLine(number, str(error))
    except ValidationError as error:
        return BadLine(number, explain(error))
    except TypeError:
        return BadLine(number, "data is no JSON object")
