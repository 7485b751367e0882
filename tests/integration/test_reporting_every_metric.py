"""Metrics of what no chat export holds, against plain sums over the events, from the definitions' words."""

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from services.reporting.domain.metric import Computed
from services.reporting.domain.metric_registry import METRICS
from services.reporting.domain.periods import By, span_of
from shared.contracts import chat, engagement, moderation, rewards
from shared.contracts.contract import Contract
from shared.engine import Event
from tests.builders import at, event, posted
from tests.contract.examples import examples_of
from tests.reporting_oracle import start
from tests.reporting_world import connected, record, told
from tests.servers import Databases

SPAN = span_of(date(2024, 3, 5), date(2024, 5, 12))
ZONE = ZoneInfo("Asia/Shanghai")
COUNTED: dict[str, type[Contract]] = {
    "leaves": chat.MemberLeft,
    "reactions": chat.ReactionAdded,
    "questions_asked": engagement.QuestionAsked,
    "introductions": engagement.IntroductionCompleted,
    "topics_seeded": engagement.TopicSeeded,
    "warmups": engagement.WarmupSent,
    "event_attendances": engagement.EventAttended,
    "findings": moderation.FindingRecorded,
    "sanctions": moderation.SanctionApplied,
    "cases_opened": moderation.CaseOpened,
    "appeals": moderation.AppealFiled,
    "redemptions": rewards.RedemptionConfirmed,
}
"""Metrics that say how often something happened."""
POINTS: dict[str, type[Contract]] = {
    "points_issued": rewards.PointsAwarded,
    "points_reversed": rewards.PointsReversed,
    "points_reserved": rewards.RedemptionReserved,
}
TEXTS = {"questions": "怎么泡？", "links": "看 https://a.example", "messages": "好茶"}
OF_THE_FILE = {
    "members", "new_members", "active_members", "first_writers", "stickiness", "participation_rate",
    "messages_per_member", "bot_messages", "replies", "reply_rate", "threads_opened", "threads_unanswered",
    "response_rate", "first_response_minutes", "gini", "top_tenth_share", "absence_factor",
}  # fmt: skip
"""Those that the real year's test compares; retention too."""
BY_EXAMPLE = {"referred", "activation_rate", "first_answer_minutes", "warmup_uplift", "pictures"}
"""Those whose examples are in test_reporting_content.py and, of a picture, in test_message_forms.py."""
Log = list[tuple[str, date, int]]
"""Metric, the day for which it counts, and how much."""


@cache
def _full(contract: type[Contract]) -> dict[str, Any]:
    return next(each for each in examples_of(contract) if each.name == "full").data


def golden(contract: type[Contract], moment: datetime, **fields: Any) -> Event[Any]:
    """An event of any contract; two differ in their time."""
    return event(contract.model_validate({**_full(contract), "community_id": "tea", **fields}), moment)


def happened(chance: random.Random) -> Iterator[tuple[Event[Any], Log]]:
    """Events of ten weeks, each with what it adds to which metric."""
    for number in range(1_500):
        moment = at(number, hours=chance.randrange(24 * SPAN.days - 20))
        day = moment.astimezone(ZONE).date()
        for name in chance.sample(sorted(COUNTED), 2):
            yield golden(COUNTED[name], moment), [(name, day, 1)]
        name, points = chance.choice(sorted(POINTS)), chance.randrange(1, 50)
        yield golden(POINTS[name], moment, points=points), [(name, day, points)]
        form = chance.choice(sorted(TEXTS))
        log = [("messages", day, 1)] + ([(form, day, 1)] if form != "messages" else [])
        yield posted(TEXTS[form], moment, member=f"m{number % 40}"), log
        yield from _about_a_day(chance, moment, day)


def _about_a_day(chance: random.Random, moment: datetime, day: date) -> Iterator[tuple[Event[Any], Log]]:
    """What says itself for which day it counts, and what counts only in part."""
    bot = chance.random() < 0.2
    joined = golden(chat.MemberJoined, moment, member_id=f"j{moment:%d%H%M%S}", is_bot=bot)
    yield joined, [] if bot else [("joins", day, 1)]
    taken_back = chance.random() < 0.3
    checkin = engagement.CheckinRevoked if taken_back else engagement.CheckinRecorded
    yield golden(checkin, moment, local_date=day.isoformat()), [("checkins", day, -1 if taken_back else 1)]
    undone = chance.random() < 0.3
    verdict = moderation.MessageRestored if undone else moderation.MessageRemoved
    later = moment + timedelta(hours=30)
    yield golden(verdict, later, posted_at=moment.isoformat()), [("removals", day, -1 if undone else 1)]
    outcome = chance.choice(["confirmed", "overturned"])
    over = [("cases_overturned", day, 1)] if outcome == "overturned" else []
    yield golden(moderation.CaseResolved, moment, verdict=outcome), [("cases_resolved", day, 1), *over]
    held_out, said = chance.random() < 0.3, chance.randrange(20)
    measured: Log = [] if held_out else [("warmups_measured", day, 1), ("warmup_messages", day, said)]
    yield golden(engagement.WarmupMeasured, moment, held_out=held_out, messages=said), measured
    currency, paid = chance.choice(["CNY", "USD"]), chance.randrange(1, 10_000)
    revenue = [("revenue", day, paid)] if currency == "CNY" else []
    conversion = golden(chat.ConversionRecorded, moment, currency=currency, minor_units=paid)
    yield conversion, [("conversions", day, 1), *revenue]


RELATIONS: dict[str, Callable[[Counter[str], int], float | None]] = {
    "overturned_rate": lambda sums, _: 100 * sums["cases_overturned"] / sums["cases_resolved"],
    "moderation_load": lambda sums, _: 100 * sums["removals"] / sums["messages"],
    "points_per_active_member": lambda sums, active: sums["points_issued"] / active,
    "engagement_yield": lambda sums, _: sums["warmup_messages"] / sums["warmups_measured"],
}
SUMS = {
    *COUNTED, *POINTS, *TEXTS, "joins", "checkins", "removals", "cases_resolved", "cases_overturned",
    "warmups_measured", "warmup_messages", "conversions", "revenue",
}  # fmt: skip


async def test_every_metric_is_the_plain_sum_of_its_events(databases: Databases) -> None:
    history = list(happened(random.Random(11)))
    database = await databases.create("reporting")
    async with connected(database) as connection:
        batch = [each for each, _ in history]
        random.Random(12).shuffle(batch)
        await record(connection, batch)
        for by in By:
            numbers = await told(connection, SPAN, by)
            sums: dict[date, Counter[str]] = defaultdict(Counter)
            active: dict[date, set[str]] = defaultdict(set)
            for each, log in history:
                for name, day, amount in log:
                    sums[start(day, by)][name] += amount
                    if name == "messages":
                        active[start(day, by)].add(each.data.member_id)
            for series in numbers.series:
                ours = dict(
                    zip([start(p.span.first, by) for p in numbers.periods], series.values, strict=True)
                )
                name = series.metric.name
                if name in SUMS:
                    assert ours == {first: sums[first][name] for first in ours}, (name, by)
                elif name in RELATIONS and by is not By.DAY:
                    expected = {first: RELATIONS[name](sums[first], len(active[first])) for first in ours}
                    assert ours == pytest.approx(expected), (name, by)
    await databases.drop(database)


def test_no_metric_is_left_out() -> None:
    retention = {
        each.name for each in METRICS if isinstance(each.how, Computed) and each.how.name == "retention"
    }
    assert {each.name for each in METRICS} == SUMS | RELATIONS.keys() | OF_THE_FILE | BY_EXAMPLE | retention
