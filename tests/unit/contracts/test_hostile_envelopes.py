"""Hostile records: each ends as `Refused` with a reason, never as another exception, and costs no memory."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.contracts.envelope import ATTRIBUTE_BYTES_MAX, Refused, parse_time, read
from shared.contracts.identity import event_id

REASONS = {
    "empty",
    "no_envelope",
    "not_json",
    "no_data",
    "unknown_specversion",
    "oversized_attribute",
    "bad_attribute",
}
NOON = datetime(2024, 3, 5, 4, 0, tzinfo=UTC)
GOOD = {
    "ce_specversion": b"1.0",
    "ce_id": event_id(NOON, "/bot", "1").encode(),
    "ce_source": b"/bot",
    "ce_type": b"hearth.message.posted.v1",
    "ce_time": b"2024-03-05T04:00:00Z",
    "content-type": b"application/json",
}
STRUCTURED = ("content-type", b"application/cloudevents+json; charset=UTF-8")
EVENT = {
    **{name[3:]: value.decode() for name, value in GOOD.items() if name.startswith("ce_")},
    "data": {"community_id": "tea"},
}


def headers(**changes: bytes | None) -> list[tuple[str, bytes | None]]:
    """Good headers with some replaced; names are written with `_` for `-` in `content_type`."""
    named = {name.replace("content_type", "content-type"): value for name, value in changes.items()}
    return list({**GOOD, **named}.items())


def without(name: str) -> list[tuple[str, bytes | None]]:
    return [(each, value) for each, value in GOOD.items() if each != name]


def structured(**changes: Any) -> bytes:
    return json.dumps({**EVENT, **changes}).encode()


def ending(record: list[tuple[str, bytes | None]], value: bytes | None) -> str:
    """`read`, or the reason why not; another exception fails the test."""
    try:
        envelope, _ = read(record, value)
    except Refused as refused:
        return refused.reason
    return "read" if envelope.time.tzinfo is UTC else "time is not UTC"


def reason(record: list[tuple[str, bytes | None]] | None, value: bytes | None) -> str:
    with pytest.raises(Refused) as refused:
        read(record, value)
    assert refused.value.reason in REASONS
    assert refused.value.detail
    assert len(str(refused.value)) < 200
    return refused.value.reason


def test_a_good_record_is_read() -> None:
    envelope, data = read(headers(), b"{}")

    assert (envelope.id.encode(), envelope.source, envelope.time) == (GOOD["ce_id"], "/bot", NOON)
    assert data == b"{}"


def test_a_record_without_a_value_or_headers_is_refused() -> None:
    assert reason(headers(), None) == "empty"
    assert reason(None, b"{}") == "no_envelope"
    assert reason([], b"{}") == "no_envelope"


@pytest.mark.parametrize("name", [name for name in GOOD if name.startswith("ce_")])
def test_a_missing_or_null_header_is_named(name: str) -> None:
    for incomplete in (without(name), headers(**{name: None})):
        with pytest.raises(Refused, match=name) as refused:
            read(incomplete, b"{}")
        assert refused.value.reason == "no_envelope"


@pytest.mark.parametrize("name", ["ce_id", "ce_source", "ce_type", "ce_time"])
@pytest.mark.parametrize("value", [b"", b"\xff\xfe", b"a\x00b", b"\xed\xa0\x80"])
def test_an_attribute_that_is_empty_or_no_text_is_refused(name: str, value: bytes) -> None:
    assert reason(headers(**{name: value}), b"{}") == "bad_attribute"


@pytest.mark.parametrize("name", ["ce_id", "ce_source", "ce_type", "ce_time"])
def test_a_megabyte_of_attribute_is_refused(name: str) -> None:
    assert reason(headers(**{name: b"a" * 1_000_000}), b"{}") == "oversized_attribute"
    assert reason(headers(**{name: b"a" * (ATTRIBUTE_BYTES_MAX + 1)}), b"{}") == "oversized_attribute"


def test_an_attribute_at_its_limit_is_read() -> None:
    longest = "界" * (ATTRIBUTE_BYTES_MAX // 3)
    envelope, _ = read(headers(ce_source=longest.encode(), ce_id=longest.encode()), b"{}")

    assert envelope.source == longest
    assert envelope.id == event_id(NOON, longest, longest)


@pytest.mark.parametrize("version", [b"", b"0.3", b"1.1", b"2.0", b"1.0 ", b"\xff"])
def test_another_specversion_is_refused(version: bytes) -> None:
    assert reason(headers(ce_specversion=version), b"{}") == "unknown_specversion"


@pytest.mark.parametrize(
    "time",
    [
        b"2024-03-05T04:00:00",
        b"2024-03-05",
        b"04:00:00Z",
        b"yesterday",
        b"1709611200",
        b"2024-02-30T00:00:00Z",
        b"2024-03-05T25:00:00Z",
        b"0001-01-01T00:00:00+14:00",
        b"9999-12-31T23:59:59-14:00",
        "2024-03-05T04:00:00Ｚ".encode(),
    ],
)
def test_a_time_without_zone_or_that_cannot_be_is_refused(time: bytes) -> None:
    assert reason(headers(ce_time=time), b"{}") == "bad_attribute"


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2024-03-05T04:00:00Z", NOON),
        ("2024-03-05t04:00:00z", NOON),
        ("2024-03-05 12:00:00+08:00", NOON),
        ("2024-03-04T16:00:00.000001-12:00", NOON + timedelta(microseconds=1)),
        ("2024-03-05T04:00:00.1234567Z", NOON + timedelta(microseconds=123456)),
    ],
)
def test_every_way_to_write_a_moment_is_understood(text: str, moment: datetime) -> None:
    assert parse_time(text) == moment
    assert parse_time(text).tzinfo is UTC


@pytest.mark.parametrize(
    "content_type",
    [b"text/plain", b"application/jsonx", b"application/cloudevents+avro", b"\xff", b"a" * 10**6],
)
def test_content_that_is_not_json_is_refused(content_type: bytes) -> None:
    assert reason(headers(content_type=content_type), b"{}") == "not_json"


@pytest.mark.parametrize("content_type", [None, b"", b"Application/JSON", b"application/json;charset=utf-8"])
def test_content_that_is_json_is_read_whatever_its_spelling(content_type: bytes | None) -> None:
    assert read(headers(content_type=content_type), b"[1]")[1] == b"[1]"


def test_an_id_of_our_shape_with_the_time_of_another_day_is_replaced() -> None:
    foreign = event_id(NOON + timedelta(days=2), "/bot", "1").encode()

    assert read(headers(ce_id=foreign), b"{}")[0].id == event_id(NOON, "/bot", foreign.decode())


@pytest.mark.parametrize("hours", [-23, 23])
def test_an_id_of_our_shape_from_about_its_time_is_kept(hours: int) -> None:
    near = event_id(NOON + timedelta(hours=hours), "/bot", "1").encode()

    assert read(headers(ce_id=near), b"{}")[0].id == near.decode()


def test_an_event_before_1970_keeps_its_id() -> None:
    ancient = datetime(1969, 7, 20, 20, 17, tzinfo=UTC)
    identifier = event_id(ancient, "/bot", "1")

    assert (
        read(headers(ce_id=identifier.encode(), ce_time=b"1969-07-20T20:17:00Z"), b"{}")[0].id == identifier
    )


def test_a_damaged_trace_is_cut_and_never_refused() -> None:
    envelope, _ = read(headers(ce_traceparent=b"\xff" + b"0" * 10_000), b"{}")

    assert envelope.traceparent == "0" * 64


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"{",
        b"\xff\xfe\xff",
        b"[" * 100_000,
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
        b'{"n": 1' + b"0" * 5000 + b"}",
        b"[]",
        b"null",
        b'"text"',
    ],
    ids=range(9),
)
def test_a_structured_value_that_is_no_json_object_is_refused(value: bytes) -> None:
    assert reason([STRUCTURED], value) == "not_json"


@pytest.mark.parametrize("depth", [100, 800, 900, 950, 970, 980, 985, 990, 995, 5000])
def test_deeply_nested_data_is_read_or_refused(depth: int) -> None:
    value = structured().replace(b'{"community_id": "tea"}', b"[" * depth + b"]" * depth)

    assert ending([STRUCTURED], value) in ({"read"} if depth < 500 else {"read", "not_json"})


def test_a_structured_event_without_json_data_is_refused() -> None:
    value = json.dumps({name: each for name, each in EVENT.items() if name != "data"}).encode()

    assert reason([STRUCTURED], value) == "no_data"
    assert reason([STRUCTURED], value[:-1] + b', "data_base64": "e30="}') == "no_data"


@pytest.mark.parametrize("name", ["specversion", "id", "source", "type", "time"])
@pytest.mark.parametrize("value", [None, 1, True, [], {}])
def test_a_structured_attribute_that_is_no_text_is_named(name: str, value: object) -> None:
    with pytest.raises(Refused, match=name) as refused:
        read([STRUCTURED], structured(**{name: value}))
    assert refused.value.reason == "no_envelope"


@pytest.mark.parametrize("name", ["id", "source", "type"])
@pytest.mark.parametrize("value", ["", "a\x00b", "a\ud800b"])
def test_a_structured_attribute_that_cannot_be_stored_is_refused(name: str, value: str) -> None:
    assert reason([STRUCTURED], structured(**{name: value})) == "bad_attribute"


def test_a_structured_event_is_judged_by_itself_and_not_by_headers_beside_it() -> None:
    envelope, data = read([*without("content-type"), STRUCTURED], structured(source="/inside"))

    assert envelope.source == "/inside"
    assert json.loads(data) == {"community_id": "tea"}


@given(
    st.lists(
        st.tuples(
            st.one_of(st.sampled_from([*GOOD, "ce_traceparent"]), st.text(max_size=20)),
            st.one_of(st.none(), st.sampled_from([*GOOD.values(), STRUCTURED[1]]), st.binary(max_size=60)),
        ),
        max_size=12,
    ),
    st.one_of(st.none(), st.binary(max_size=200)),
)
@example([STRUCTURED], b'{"specversion": "1.0"}')
def test_no_record_raises_anything_but_refused(
    record: list[tuple[str, bytes | None]], value: bytes | None
) -> None:
    assert ending(record, value) in {"read", *REASONS}


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text()),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(), inner)),
    max_leaves=10,
)


@given(st.dictionaries(st.sampled_from([*EVENT, "data_base64", "traceparent"]), JSON, max_size=8))
def test_no_structured_event_raises_anything_but_refused(changes: dict[str, Any]) -> None:
    value = json.dumps({**EVENT, **changes}).encode()

    assert ending([STRUCTURED], value) in {"read", *REASONS}


@given(st.binary(max_size=80), st.sampled_from(["ce_id", "ce_source", "ce_type", "ce_time"]))
def test_no_attribute_raises_anything_but_refused(value: bytes, name: str) -> None:
    assert ending(headers(**{name: value}), b"{}") in {"read", *REASONS}
