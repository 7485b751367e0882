"""CloudEvents as others understand it: the `cloudevents` package and Hearth read what the other writes."""

from datetime import UTC, datetime
from typing import Any

import pytest
from cloudevents.core.bindings import kafka
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from shared.contracts.chat import MessagePosted
from shared.contracts.envelope import Refused, read, seal, write
from shared.contracts.identity import event_id
from tests.contract.examples import Example, all_examples

EXAMPLES = [pytest.param(each, id=str(each)) for each in all_examples()]
NOON = datetime(2024, 3, 5, 4, 0, tzinfo=UTC)
POSTED = {"community_id": "tea", "channel_id": "hall", "message_id": "1", "member_id": "ann", "text": "早"}


def foreign(**attributes: Any) -> CloudEvent:
    """An event as a publisher without Hearth's code makes it."""
    given = {"type": "hearth.message.posted.v1", "source": "/their/bot", "id": "A-1", "time": NOON}
    return CloudEvent({**given, "datacontenttype": "application/json", **attributes}, dict(POSTED))


@pytest.mark.parametrize("example", EXAMPLES)
def test_others_read_what_hearth_writes(example: Example) -> None:
    envelope, data = read(*example.record)
    headers, value = write(example.contract.model_validate_json(data), envelope)

    message = kafka.KafkaMessage(headers=dict(headers), key=example.data["community_id"], value=value)
    event = kafka.from_kafka(message, JSONFormat())

    assert event.get_specversion() == "1.0"
    assert event.get_id() == envelope.id
    assert event.get_source() == envelope.source
    assert event.get_type() == envelope.type
    assert event.get_time() == envelope.time
    assert event.get_datacontenttype() == "application/json"
    assert event.get_extension("traceparent") == envelope.traceparent
    assert event.get_data() == example.data


@pytest.mark.parametrize("example", EXAMPLES)
@pytest.mark.parametrize("mode", [kafka.to_binary, kafka.to_structured], ids=["binary", "structured"])
def test_hearth_reads_what_others_write(example: Example, mode: Any) -> None:
    sent = read(*example.record)[0]
    attributes = {"id": sent.id, "source": sent.source, "type": sent.type, "time": sent.time}
    trace = {"traceparent": sent.traceparent} if sent.traceparent else {}
    event = CloudEvent({**attributes, **trace, "datacontenttype": "application/json"}, example.data)

    message = mode(event, JSONFormat())
    envelope, data = read(list(message.headers.items()), message.value)

    assert envelope == sent
    assert example.contract.model_validate_json(data) == example.contract.model_validate(example.data)


@pytest.mark.parametrize("mode", [kafka.to_binary, kafka.to_structured], ids=["binary", "structured"])
def test_an_id_of_another_shape_becomes_one_of_source_and_id(mode: Any) -> None:
    def own_id(event: CloudEvent) -> str:
        message = mode(event, JSONFormat())
        return read(list(message.headers.items()), message.value)[0].id

    assert own_id(foreign()) == event_id(NOON, "/their/bot", "A-1")
    assert own_id(foreign()) == own_id(foreign())
    assert len({own_id(foreign()), own_id(foreign(id="A-2")), own_id(foreign(source="/other/bot"))}) == 3


@pytest.mark.parametrize("mode", [kafka.to_binary, kafka.to_structured], ids=["binary", "structured"])
def test_optional_and_extension_attributes_of_others_are_no_obstacle(mode: Any) -> None:
    event = foreign(subject="hall/1", dataschema="https://example.org/s.json", partitionkey="tea", tenant="x")
    message = mode(event, JSONFormat())

    envelope, data = read(list(message.headers.items()), message.value)

    assert (envelope.source, envelope.time) == ("/their/bot", NOON)
    assert MessagePosted.model_validate_json(data) == MessagePosted.model_validate(POSTED)


def test_binary_data_in_a_structured_event_is_refused() -> None:
    event = CloudEvent({"type": "hearth.message.posted.v1", "source": "/their/bot", "time": NOON}, b"{}")
    message = kafka.to_structured(event, JSONFormat())
    assert b"data_base64" in message.value

    with pytest.raises(Refused) as refused:
        read(list(message.headers.items()), message.value)
    assert refused.value.reason == "no_data"


def test_an_event_of_the_earlier_specification_is_refused() -> None:
    message = kafka.to_binary(foreign(), JSONFormat())
    headers = [*message.headers.items(), ("ce_specversion", b"0.3")]

    with pytest.raises(Refused) as refused:
        read(headers, message.value)
    assert refused.value.reason == "unknown_specversion"


def test_a_moment_in_another_zone_is_the_same_moment() -> None:
    data = MessagePosted.model_validate(POSTED)
    headers, value = write(data, seal(data, "/bot", NOON))
    shifted = [(name, b"2024-03-05T12:00:00+08:00" if name == "ce_time" else text) for name, text in headers]

    assert read(shifted, value)[0] == read(headers, value)[0]
