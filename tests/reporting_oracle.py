"""Metrics of a real history, computed from its file by DuckDB and plain Python from the definition sentences.

It shares no code with the service: only the file, the zone and the words of the registry.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from pathlib import Path
from statistics import median
from typing import Any

import duckdb

# Some messages stand in the file twice, a few of them in two channels; they are one event, as it came first.
LINES = """
    CREATE TABLE line AS SELECT * FROM read_json('{path}', columns = {{
        id: 'BIGINT', sent_at: 'VARCHAR', sender: 'VARCHAR', channel: 'VARCHAR', topic: 'VARCHAR',
        text: 'VARCHAR', reply_to: 'BIGINT', is_bot: 'BOOLEAN'}})
"""
MESSAGES = """
    CREATE TABLE message AS
    SELECT DISTINCT ON (id) id, sender, channel, topic, text, reply_to, coalesce(is_bot, false) AS is_bot,
           CAST(sent_at AS TIMESTAMPTZ) AS "at",
           CAST(timezone('{zone}', CAST(sent_at AS TIMESTAMPTZ)) AS DATE) AS day,
           hour(timezone('{zone}', CAST(sent_at AS TIMESTAMPTZ))) AS hour
    FROM line ORDER BY id, rowid
"""
FIRSTS = "SELECT sender, min(day) FROM message WHERE NOT is_bot GROUP BY sender"
COUNTS = """
    SELECT CAST(date_trunc('{by}', day) AS DATE), count(*) FILTER (WHERE NOT is_bot),
           count(DISTINCT sender) FILTER (WHERE NOT is_bot), count(*) FILTER (WHERE is_bot),
           count(*) FILTER (WHERE NOT is_bot AND reply_to IS NOT NULL)
    FROM message GROUP BY 1
"""
EACH = """
    SELECT CAST(date_trunc('{by}', day) AS DATE), sender, count(*) FROM message WHERE NOT is_bot GROUP BY 1, 2
"""
HEAT = """
    SELECT isodow(day), hour, count(*) FROM message WHERE NOT is_bot GROUP BY 1, 2 ORDER BY 1, 2
"""
CHANNELS = "SELECT channel, count(*) FROM message WHERE NOT is_bot GROUP BY 1 ORDER BY 1"
THREADS = """
    SELECT channel, topic, sender, epoch("at"), day FROM message
    WHERE NOT is_bot AND topic IS NOT NULL AND topic <> '' ORDER BY "at", sender
"""
Values = dict[date, Any]
"""By the first day of a period."""


class Oracle:
    """The year in DuckDB."""

    def __init__(self, path: Path, zone: str) -> None:
        self.database = duckdb.connect()
        self.database.execute(LINES.format(path=path))
        self.database.execute(MESSAGES.format(zone=zone))

    def rows(self, query: str, **values: Any) -> list[tuple[Any, ...]]:
        """What a query gives."""
        return self.database.execute(query.format(**values)).fetchall()

    def counts(self, by: str) -> dict[str, Values]:
        """Messages, active members, bot messages and replies."""
        found = self.rows(COUNTS, by=by)
        names = ("messages", "active_members", "bot_messages", "replies")
        return {name: {row[0]: row[place] for row in found} for place, name in enumerate(names, start=1)}

    def concentration(self, by: str) -> dict[str, Values]:
        """Gini by its definition over all pairs, the top tenth, and how many have half."""
        periods: dict[date, list[int]] = defaultdict(list)
        for first, _, count in self.rows(EACH, by=by):
            periods[first].append(count)
        return {
            "gini": {first: _gini_of_pairs(counts) for first, counts in periods.items()},
            "top_tenth_share": {first: _top_tenth(counts) for first, counts in periods.items()},
            "absence_factor": {first: _half(counts) for first, counts in periods.items()},
        }

    def days_of_members(self) -> dict[str, set[date]]:
        """By member the days on which they wrote."""
        days: dict[str, set[date]] = defaultdict(set)
        for first, sender, _ in self.rows(EACH, by="day"):
            days[sender].add(first)
        return days

    def retention(self, by: str, target: Callable[[date], Iterable[date]], last: date) -> Values:
        """By the first day of a period: in percent, of ten or more."""
        days = self.days_of_members()
        cohorts: dict[date, list[bool]] = defaultdict(list)
        for mine in days.values():
            wanted = list(target(min(mine)))
            if wanted[-1] <= last:
                cohorts[start(min(mine), by)].append(any(day in mine for day in wanted))
        return {
            first: 100 * sum(came) / len(came) if len(came) >= 10 else None for first, came in cohorts.items()
        }

    def first_writers(self, by: str) -> Values:
        """How many wrote for the first time."""
        found: dict[date, int] = defaultdict(int)
        for _, first in self.rows(FIRSTS):
            found[start(first, by)] += 1
        return found

    def population(self, ends: Iterable[date]) -> dict[date, int]:
        """Nobody joins or leaves in the file: those who had been heard of."""
        firsts = [first for _, first in self.rows(FIRSTS)]
        return {end: sum(first <= end for first in firsts) for end in ends}

    def responses(self, by: str) -> dict[str, Values]:
        """Threads opened, unanswered, their rate and the median minutes."""
        opened: dict[tuple[str, str], tuple[str, float, date]] = {}
        waited: dict[tuple[str, str], float] = {}
        for channel, topic, sender, at, day in self.rows(THREADS):
            thread = (channel, topic)
            if thread not in opened:
                opened[thread] = (sender, at, day)
            elif thread not in waited and sender != opened[thread][0]:
                waited[thread] = at - opened[thread][1]
        periods: dict[date, list[float | None]] = defaultdict(list)
        for thread, (_, _, day) in opened.items():
            periods[start(day, by)].append(waited.get(thread))
        told: dict[str, Values] = {"threads_opened": {}, "threads_unanswered": {}, "response_rate": {},
                                   "first_response_minutes": {}}  # fmt: skip
        for first, waits in periods.items():
            answered = [wait for wait in waits if wait is not None]
            told["threads_opened"][first] = len(waits)
            told["threads_unanswered"][first] = len(waits) - len(answered)
            enough = len(waits) >= 10
            told["response_rate"][first] = 100 * len(answered) / len(waits) if enough else None
            told["first_response_minutes"][first] = median(answered) / 60 if answered else None
        return told


def start(day: date, by: str) -> date:
    """The first day of its day, week or month."""
    if by == "month":
        return day.replace(day=1)
    return day - timedelta(days=day.weekday()) if by == "week" else day


def week_after(day: date) -> list[date]:
    """The days of the next ISO week."""
    monday = start(day, "week") + timedelta(days=7)
    return [monday + timedelta(days=number) for number in range(7)]


def month_after(day: date) -> list[date]:
    """The days of the next calendar month."""
    first = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
    after = (first + timedelta(days=32)).replace(day=1)
    return [first + timedelta(days=number) for number in range((after - first).days)]


def _gini_of_pairs(counts: list[int]) -> float:
    """Half the mean absolute difference of all pairs over the mean; by the sorted identity of that sum."""
    ordered, number = sorted(counts), len(counts)
    differences = sum((2 * place - number + 1) * count for place, count in enumerate(ordered))
    return differences / (number * sum(ordered))


def _top_tenth(counts: list[int]) -> float:
    ordered = sorted(counts, reverse=True)
    return 100 * sum(ordered[: math.ceil(len(ordered) / 10)]) / sum(ordered)


def _half(counts: list[int]) -> int:
    gathered, wanted = 0, sum(counts) / 2
    for place, count in enumerate(sorted(counts, reverse=True)):
        gathered += count
        if gathered >= wanted:
            return place + 1
    raise AssertionError("the sum of all is at least half of it")
