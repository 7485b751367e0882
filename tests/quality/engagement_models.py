"""Engagement's models on the real year: baseline forecast, mesh, questions. One argument names which."""

import sys
import tracemalloc
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from math import log
from random import Random

import networkx

from services.engagement.domain.baseline import FLAT, Baseline, shape_of
from services.engagement.domain.hours import hours_of_day
from services.engagement.domain.mesh import Mesh
from services.engagement.domain.question import is_question
from shared.contracts.chat import MessagePosted
from tests.bench.history import history

FIRST, LAST = date(2024, 1, 1), date(2024, 12, 31)
LEARNED_WEEKS = 4
SAMPLE = 200
LEAST = 0.01
"""An hour in which nothing is expected is no proof that nothing can happen."""


def people() -> Iterator[tuple[MessagePosted, datetime]]:
    """Messages by people."""
    for event, at in history(None):
        if isinstance(event, MessagePosted) and not event.is_bot:
            yield event, at.astimezone(UTC)


def deviance(pairs: Sequence[tuple[int, float]]) -> float:
    """Mean Poisson deviance of counts and forecasts."""
    total = 0.0
    for count, forecast in pairs:
        expected = max(forecast, LEAST)
        total += 2 * ((count * log(count / expected) if count else 0.0) - (count - expected))
    return total / len(pairs)


def forecast() -> dict[str, float]:
    """Deviance per channel-hour, each day forecast from the days before, after four weeks of learning."""
    counts: dict[str, Counter[datetime]] = {}
    for message, at in people():
        hour = at.replace(minute=0, second=0, microsecond=0)
        counts.setdefault(message.channel_id, Counter())[hour] += 1
    baselines = {channel: Baseline() for channel in sorted(counts)}
    ours: list[tuple[int, float]] = []
    flat: list[tuple[int, float]] = []
    week: list[tuple[int, float]] = []
    day = FIRST
    while day <= LAST:
        hours = hours_of_day(day, "UTC")
        shape = shape_of(list(baselines.values())) if day > FIRST else FLAT
        for channel, baseline in baselines.items():
            told = counts[channel]
            if (day - FIRST).days >= 7 * LEARNED_WEEKS:
                rates = baseline.rates(shape)
                so_far = sum(baseline.counts) / max(1.0, sum(baseline.exposure))
                for hour in hours:
                    count = told[hour.starts_at]
                    ours.append((count, rates[hour.cell]))
                    flat.append((count, so_far))
                    week.append((count, float(told[hour.starts_at - timedelta(days=7)])))
            baseline.learn(hours, {hour: told[hour.starts_at] for hour in hours})
        day += timedelta(days=1)
    return {"baseline": deviance(ours), "flat rate": deviance(flat), "last week's hour": deviance(week)}


def mesh() -> list[tuple[str, int, int, int, bool]]:
    """Month, members, edges, cut members, and whether networkx names the same."""
    months: dict[str, set[tuple[str, str]]] = {}
    for message, at in people():
        for other in {*message.mentions, *([message.reply_to_member] if message.reply_to_member else ())}:
            if other != message.member_id:
                pair = (min(other, message.member_id), max(other, message.member_id))
                months.setdefault(f"{at:%Y-%m}", set()).add(pair)
    rows = []
    for month, pairs in sorted(months.items()):
        ours = Mesh.of((a, b, 1) for a, b in pairs)
        cuts = ours.cut_members()
        theirs = sorted(networkx.articulation_points(networkx.Graph(pairs)))
        rows.append((month, len(ours.names), len(pairs), len(cuts), cuts == theirs))
    return rows


def memory(members: int = 100_000, edges: int = 500_000) -> float:
    """Peak MB of a graph of that many members, with its cut members and parts."""
    chance = Random(1)
    names = [f"member-{number:06}" for number in range(members)]
    path = {(a, b) for a, b in pairwise(names)}
    while len(path) < edges:
        a, b = chance.sample(names, 2)
        path.add((min(a, b), max(a, b)))
    tracemalloc.start()
    graph = Mesh.of((a, b, 1) for a, b in path)
    graph.cut_members()
    graph.parts()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 1e6


def questions() -> tuple[int, int, list[str]]:
    """Messages, those taken for questions, and a drawn sample of them to be checked by hand."""
    texts = [message.text for message, _ in people()]
    asked = [text for text in texts if is_question(text)]
    return len(texts), len(asked), Random(2024).sample(asked, SAMPLE)


def _shown(text: str) -> str:
    """What stands before the last question mark that ends something."""
    flat = " ".join(text.split())
    return flat[: flat.rfind("?") + 1][-120:] or flat[-120:]


def main() -> None:
    """Print one of them."""
    which = sys.argv[1] if len(sys.argv) > 1 else ""
    if which == "forecast":
        for name, value in forecast().items():
            print(f"{name}: {value:.4f}")
    elif which == "mesh":
        for row in mesh():
            print(*row)
    elif which == "memory":
        print(f"{memory():.0f} MB")
    elif which == "questions":
        total, asked, sample = questions()
        print(f"{asked} of {total} messages are questions; sample of {SAMPLE}:")
        for number, text in enumerate(sample, 1):
            print(number, _shown(text))
    else:
        raise SystemExit("forecast, mesh, memory or questions?")


if __name__ == "__main__":
    main()
