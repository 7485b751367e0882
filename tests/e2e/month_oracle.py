"""The twelve months of a real history, computed from its file alone: plain Python, no code of the service.

The law is the one in `services/rewards/README.md`; this is a second reading of it, kept simple and slow.
"""

import gzip
import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

HAN = ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x323AF))
DAILY_MAX = 20
COOLDOWN_SECONDS = 60
POINTS = 2


@dataclass(frozen=True, slots=True)
class Message:
    """A message that counts."""

    member_id: str
    at: datetime
    day: date
    partners: frozenset[str]
    text: str


@dataclass(frozen=True, slots=True)
class Checkin:
    """A check-in that stands."""

    member_id: str
    day: date
    at: datetime


@dataclass(frozen=True, slots=True)
class Place:
    """A member's place in a month."""

    rank: int
    member_id: str
    score: int
    parts: dict[str, int]
    last_at: datetime


@dataclass(slots=True)
class _Tally:
    """What a member did in a month."""

    by_day: dict[date, int] = field(default_factory=lambda: defaultdict(int))
    partners: set[str] = field(default_factory=set)
    checkins: int = 0
    moments: list[datetime] = field(default_factory=list)


def counted_messages(
    path: Path,
    zone: str = "UTC",
    *,
    removed: Collection[str] = (),
    member_id: Callable[[str], str] = str,
) -> Iterator[Message]:
    """The messages of a `community-*.jsonl.gz` that count, in the file's order.

    `removed` are ids of messages that moderation removed; `member_id` gives a sender's id in the community.
    """
    place = ZoneInfo(zone)
    seen: set[str] = set()
    authors: dict[str, str] = {}
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for record in map(json.loads, lines):
            identifier, author = str(record["id"]), member_id(record["sender"])
            answered = authors.get(str(record.get("reply_to")))
            authors[identifier] = author
            if identifier in seen:
                continue
            seen.add(identifier)
            if identifier in removed or record.get("is_bot") or not says_enough(record["text"]):
                continue
            at = datetime.fromisoformat(record["sent_at"]).astimezone(UTC)
            partners = {member_id(each) for each in record.get("mentions", ())} | {answered or author}
            yield Message(
                author, at, at.astimezone(place).date(), frozenset(partners - {author}), record["text"]
            )


def says_enough(text: str) -> bool:
    """Three words, or Han characters (three each) and other letters (one each) to the sum of fifteen."""
    words = weight = 0
    inside = False
    for character in _without_links(text):
        if any(first <= ord(character) <= last for first, last in HAN):
            weight, inside = weight + 3, False
        elif character.isalnum() and not character.isdecimal():
            weight, words, inside = weight + 1, words + (not inside), True
        else:
            inside = False
        if words == 3 or weight >= 15:
            return True
    return False


def _without_links(text: str) -> str:
    return " ".join(token.split("http://")[0].split("https://")[0] for token in text.split())


def months(
    messages: Iterable[Message],
    checkins: Iterable[Checkin] = (),
    excluded: Collection[tuple[str, str]] = (),
) -> dict[str, list[Place]]:
    """By month such as `2024-03`: every candidate with a score, in order; the first three are the winners.

    `excluded`: months and members who are no candidates.
    """
    tallies: dict[str, dict[str, _Tally]] = defaultdict(lambda: defaultdict(_Tally))
    for message in messages:
        tally = tallies[f"{message.day:%Y-%m}"][message.member_id]
        tally.by_day[message.day] += 1
        tally.partners |= message.partners
        tally.moments.append(message.at)
    for checkin in checkins:
        tally = tallies[f"{checkin.day:%Y-%m}"][checkin.member_id]
        tally.checkins += 1
        tally.moments.append(checkin.at)
    for month, member in excluded:
        tallies[month].pop(member, None)
    return {month: _places(members) for month, members in sorted(tallies.items())}


def _places(members: dict[str, _Tally]) -> list[Place]:
    scored = []
    for name, tally in members.items():
        parts = {
            "messages": sum(min(DAILY_MAX, count) for count in tally.by_day.values()),
            "checkins": 5 * tally.checkins,
            "talked_with": 2 * len(tally.partners),
        }
        scored.append((-sum(parts.values()), max(tally.moments), name, parts))
    scored.sort(key=lambda each: each[:3])
    return [
        Place(rank, name, -minus, parts, last_at)
        for rank, (minus, last_at, name, parts) in enumerate(scored, start=1)
    ]


def alike(one: str, other: str) -> bool:
    """As similar as 0.85 in their first 40 and last 24 units of UTF-16; of each only five bits count."""
    left, right = _letters(one), _letters(other)
    return 2 * _common(left, right) >= 0.85 * (len(left) + len(right)) - 1e-9


def _letters(text: str) -> list[int]:
    units = text.encode("utf-16-le")[::2]
    shown = units if len(units) <= 64 else units[:40] + units[-24:]
    return [unit * 167 % 256 // 8 for unit in shown]


def _common(left: list[int], right: list[int]) -> int:
    """The length of a longest common subsequence, by the usual table kept as bits of one number."""
    places: dict[int, int] = defaultdict(int)
    for place, letter in enumerate(left):
        places[letter] |= 1 << place
    row = whole = (1 << len(left)) - 1
    for letter in right:
        met = row & places[letter]
        row = ((row + met) | (row - met)) & whole
    return len(left) - row.bit_count()


def wallets(messages: Iterable[Message]) -> dict[str, int]:
    """Points of each member from messages alone, when they arrive in this order and none is removed."""
    told: dict[tuple[str, date], list[str]] = defaultdict(list)
    paid: dict[str, list[datetime]] = defaultdict(list)
    days: dict[tuple[str, date], int] = defaultdict(int)
    for message in messages:
        mine, today = paid[message.member_id], (message.member_id, message.day)
        # the file is in order of time: only the last payment can be near
        near = bool(mine) and (message.at - mine[-1]).total_seconds() < COOLDOWN_SECONDS
        if days[today] >= DAILY_MAX or near:
            continue
        if not any(alike(message.text, earlier) for earlier in told[today][-5:]):
            mine.append(message.at)
            told[today].append(message.text)
            days[today] += 1
    return {name: POINTS * len(mine) for name, mine in paid.items()}
