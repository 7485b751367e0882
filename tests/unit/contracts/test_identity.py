"""Ids: the same fact has the same id for ever, two facts never share one, and ids sort by time."""

import uuid
from datetime import UTC, date, datetime, timedelta, timezone
from hashlib import blake2b

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.chat import ClockSet, MessagePosted
from shared.contracts.commands import SendMessage
from shared.contracts.engagement import CheckinRecorded, EventMoved
from shared.contracts.identity import event_id, id_milliseconds, milliseconds

NOON = datetime(2024, 3, 5, 4, 0, 1, 250_000, tzinfo=UTC)
PARTS = st.lists(st.text(max_size=20), max_size=6)
MOMENTS = st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=8))])).filter(
    lambda moment: datetime(1970, 1, 2, tzinfo=UTC) < moment < datetime(9999, 12, 30, tzinfo=UTC)
)


def as_documented(moment: datetime, *parts: str) -> str:
    """The id as `docs/events/README.md` tells others to make it."""
    named = "".join(f"{len(part)}:{part}" for part in parts).encode()
    bits = int.from_bytes(blake2b(named, digest_size=10).digest(), "big") >> 4
    variant = 0b10 << 62
    tail = (bits & ~(0b11 << 62)) | variant
    milliseconds_since_1970 = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    return str(uuid.UUID(int=(milliseconds_since_1970 << 80) | (8 << 76) | tail))


@given(MOMENTS, st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), max_size=6))
def test_an_id_is_made_as_others_are_told_to_make_it(moment: datetime, parts: list[str]) -> None:
    assert event_id(moment, *parts) == as_documented(moment, *parts)


def test_a_known_id_never_changes() -> None:
    identifier = event_id(NOON, "/hearth/import/jsonl", "message.posted", "lean", "1234567")

    assert identifier == "018e0cc4-b2e2-8c1d-8755-3d685f791eea"


@given(MOMENTS, PARTS)
def test_an_id_is_a_uuid_of_version_eight_that_holds_its_time(moment: datetime, parts: list[str]) -> None:
    identifier = event_id(moment, *parts)
    parsed = uuid.UUID(identifier)

    assert str(parsed) == identifier
    assert parsed.version == 8
    assert parsed.variant == uuid.RFC_4122
    assert id_milliseconds(identifier) == milliseconds(moment)


@given(MOMENTS, PARTS)
def test_the_same_parts_give_the_same_id_in_every_zone(moment: datetime, parts: list[str]) -> None:
    elsewhere = moment.astimezone(timezone(timedelta(hours=-5)))

    assert event_id(moment, *parts) == event_id(elsewhere, *parts)


@given(PARTS, PARTS)
def test_other_parts_give_another_id(one: list[str], other: list[str]) -> None:
    assert (event_id(NOON, *one) == event_id(NOON, *other)) == (one == other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("ab", "c"), ("a", "bc")),
        (("a", ""), ("a",)),
        (("", "a"), ("a", "")),
        (("1:a",), ("1", "a")),
        (("a1:b",), ("a", "b")),
        (("é",), ("e\u0301",)),
        (("\ud800",), ("?",)),
    ],
)
def test_parts_never_blur(one: tuple[str, ...], other: tuple[str, ...]) -> None:
    assert event_id(NOON, *one) != event_id(NOON, *other)


@given(MOMENTS, MOMENTS, PARTS, PARTS)
def test_ids_sort_by_their_milliseconds(a: datetime, b: datetime, one: list[str], other: list[str]) -> None:
    if milliseconds(a) < milliseconds(b):
        assert event_id(a, *one) < event_id(b, *other)


def test_milliseconds_are_cut_and_begin_in_1970() -> None:
    assert milliseconds(datetime(1970, 1, 1, 0, 0, 0, 1999, tzinfo=UTC)) == 1
    assert milliseconds(datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC)) == 0
    assert milliseconds(datetime.max.replace(tzinfo=UTC)) < 2**48


def command(**fields: str | None) -> SendMessage:
    given = {"community_id": "tea", "purpose": "flood", "cause_id": "c", "text": "x", "expires_at": NOON}
    return SendMessage.model_validate({**given, **fields})


def test_a_field_that_is_not_set_is_not_the_word_none() -> None:
    ids = {
        command().identify("/s", NOON),
        command(channel_id="None").identify("/s", NOON),
        command(member_id="None").identify("/s", NOON),
        command(channel_id="None", member_id="None").identify("/s", NOON),
    }

    assert len(ids) == 4


def test_a_moment_in_an_identity_is_the_same_in_every_zone() -> None:
    def moved(starts_at: datetime) -> str:
        return EventMoved(community_id="tea", event_id="e", starts_at=starts_at).identify("/s", NOON)

    assert moved(NOON) == moved(NOON.astimezone(timezone(timedelta(hours=8))))
    assert moved(NOON) != moved(NOON + timedelta(microseconds=1))


def test_source_type_community_and_identity_tell_events_apart_and_nothing_else_does() -> None:
    def posted(source: str = "/s", community: str = "tea", message: str = "1", **fields: str) -> str:
        data = {"community_id": community, "channel_id": "hall", "message_id": message, "member_id": "ann"}
        return MessagePosted.model_validate({**data, **fields}).identify(source, NOON)

    assert len({posted(), posted(source="/t"), posted(community="book"), posted(message="2")}) == 4
    assert posted() == posted(text="another text", member_id="bo")
    assert posted() != ClockSet(community_id="tea", mode="event", run_id="1").identify("/s", NOON)


def test_recorded_revoked_recorded_are_three_facts() -> None:
    def recorded(revision: int) -> str:
        return CheckinRecorded(
            community_id="tea",
            member_id="ann",
            local_date=date(2024, 3, 5),
            message_id="1",
            channel_id="hall",
            streak_days=1,
            revision=revision,
        ).identify("/hearth/engagement", NOON)

    assert recorded(1) != recorded(2)
