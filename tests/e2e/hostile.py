"""Records that nobody should send, each with the end that it must have."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from aiokafka import ConsumerRecord

from shared.contracts.chat import MessagePosted
from shared.contracts.contract import TEXT_CHARACTERS_MAX
from shared.contracts.envelope import headers_of, seal
from shared.contracts.partitioning import partition_of
from shared.contracts.topics import CHAT_EVENTS

Headers = Sequence[tuple[str, bytes | None]]
LONG = 100_000


@dataclass(frozen=True, slots=True)
class Hostile:
    """One record."""

    name: str
    headers: Headers
    value: bytes | None
    dead: str | None = None
    """The reason of its dead letter."""
    characters: int | None = None
    """It is taken all the same: so many characters of its text are left."""
    cleaned: bool = False
    """Its text had to be made storable first."""
    partition: int | None = None
    """Where it lies, if not where its community does."""

    def record(self, community: str) -> ConsumerRecord:
        """As a producer lays it."""
        place = partition_of(community) if self.partition is None else self.partition
        return ConsumerRecord(
            topic=CHAT_EVENTS, partition=place, offset=-1, timestamp=0, timestamp_type=0,
            key=community.encode(), value=self.value, checksum=None, serialized_key_size=0,
            serialized_value_size=0, headers=list(self.headers),
        )  # fmt: skip


def message(community: str, name: str, text: str = "大家晚上好，今天喝什么茶") -> MessagePosted:
    """A message named for what is wrong with it."""
    return MessagePosted(
        community_id=community, channel_id="hall", message_id=name, member_id=f"by-{name}", text=text
    )


def hostile(community: str, now: datetime) -> list[Hostile]:
    """The mix; each record is about a message with the record's own name."""
    return [
        *_unreadable(community, now),
        *_untimely(community, now),
        *_taken_all_the_same(community, now),
        Hostile(
            "unknown type", _headers(community, "unknown type", now, ce_type=b"hearth.aurora.seen.v1"), b"{}"
        ),
    ]


def _unreadable(community: str, now: datetime) -> Iterator[Hostile]:
    def spoilt(name: str, value: bytes | None, dead: str, **headers: bytes | None) -> Hostile:
        return Hostile(name, _headers(community, name, now, **headers), value, dead)

    good = _value(community, "good")
    yield spoilt("broken JSON", b'{"community_id": "te', "not_json")
    yield spoilt("bytes that are no text", b"\xff\xfe\x00", "not_json")
    yield spoilt("a list", b"[1, 2]", "invalid")
    yield spoilt("fields of the wrong kind", json.dumps({"community_id": 7}).encode(), "invalid")
    yield spoilt("no value", None, "empty")
    yield Hostile("no headers", [], good, "no_envelope")
    yield spoilt("a header without a value", good, "no_envelope", ce_id=None)
    yield spoilt("a type that is no text", good, "bad_attribute", ce_type=b"\xff\xfe")
    yield spoilt("a time without a zone", good, "bad_attribute", ce_time=b"2026-01-01T00:00:00")
    yield spoilt("a version of the future", good, "unknown_version", ce_type=b"hearth.message.posted.v9")
    yield spoilt("nested without end", b"[" * 50_000, "too_deep")
    lane = (partition_of(community) + 1) % 24
    headers = _headers(community, "elsewhere", now)
    yield Hostile(
        "another's partition", headers, _value(community, "elsewhere"), "wrong_partition", partition=lane
    )


def _untimely(community: str, now: datetime) -> Iterator[Hostile]:
    for name, moment, dead in (
        ("of the year 1", datetime(1, 1, 1, tzinfo=now.tzinfo), "too_old"),
        ("of last month", now - timedelta(days=30), "too_old"),
        ("of tomorrow", now + timedelta(days=1), "in_future"),
        ("of the year 9999", datetime(9999, 12, 31, 23, 59, tzinfo=now.tzinfo), "in_future"),
    ):
        yield Hostile(name, _headers(community, name, moment), _value(community, name), dead)


def _taken_all_the_same(community: str, now: datetime) -> Iterator[Hostile]:
    def said(name: str, text: str, characters: int, cleaned: bool = True, where: str = community) -> Hostile:
        value = json.dumps({**json.loads(_value(where, name)), "text": text}).encode()
        return Hostile(name, _headers(where, name, now), value, characters=characters, cleaned=cleaned)

    yield said("100 kB", "茶" * LONG, TEXT_CHARACTERS_MAX)
    yield said("NUL", "前\x00后，今天喝什么茶", 10)
    yield said("a lone surrogate", "前\ud800后，今天喝什么茶", 10)
    yield said("an emoji of two", "前😀后，今天喝什么茶", 10, cleaned=False)


def _value(community: str, name: str) -> bytes:
    return message(community, name).model_dump_json(exclude_defaults=True).encode()


def _headers(community: str, name: str, moment: datetime, **other: bytes | None) -> Headers:
    known: list[tuple[str, Any]] = list(headers_of(seal(message(community, name), "/hostile", moment)))
    return [(key, other.get(key, value)) for key, value in known]
