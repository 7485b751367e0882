"""What is talked about, who writes, what draws answers, and communities side by side, on a real database."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import date
from typing import Any

import pytest

from services.reporting.domain.advice import advise
from services.reporting.domain.periods import By, parse_period, span_of
from services.reporting.handlers.read_content import read_content
from services.reporting.handlers.read_people import read_cohorts, read_people
from services.reporting.handlers.read_portfolio import read_portfolio
from services.reporting.handlers.read_report import read_report
from services.reporting.handlers.read_words import count_words, read_new
from shared.contracts.chat import ConversionRecorded, MemberJoined, MemberLeft
from shared.contracts.engagement import CheckinRecorded, QuestionAnswered, WarmupMeasured
from shared.engine import Event
from shared.postgres.connection import Connection
from tests.builders import at, event, posted, profile
from tests.reporting_world import LONG_AFTER, connected, metrics_of, record, told
from tests.servers import ServiceDatabase

MARCH = span_of(date(2024, 3, 1), date(2024, 3, 31))
FEBRUARY = span_of(date(2024, 2, 1), date(2024, 2, 29))
TEA: dict[str, Any] = {"community_id": "tea"}


@pytest.fixture
async def connection(
    service_database: Callable[[str], Awaitable[ServiceDatabase]],
) -> AsyncIterator[Connection]:
    async with connected(await service_database("reporting")) as open_connection:
        yield open_connection


def chatter(text: str, count: int, day: float, member: str = "m") -> list[Event[Any]]:
    return [
        posted(text, at(n, days=day), member=f"{member}{n % 5}", message=f"{text[:3]}-{day}-{n}")
        for n in range(count)
    ]


async def test_keywords_are_those_of_now_and_not_those_of_every_day(connection: Connection) -> None:
    for day in range(-28, 0):
        await record(connection, chatter("今天大家都在喝绿茶", 3, day))
    for day in range(0, 10):
        await record(connection, chatter("今天大家都在喝绿茶", 3, day))
        await record(connection, chatter("普洱茶的陈化真有意思", 2, day))
    await record(connection, chatter("乌龙茶打折了", 12, -20))
    await read_new(connection, "tea", [])
    content = await read_content(connection, "tea", MARCH, FEBRUARY)
    words = [row.word for row in content.words]
    assert "普洱茶" in words[:3]
    assert "绿茶" not in words[:3]
    assert [row.word for row in content.falling if "乌龙" in row.word]


async def test_brands_are_counted_by_message_and_mood_is_rough(connection: Connection) -> None:
    await record(connection, chatter("Hearth 牌茶壶真不错，谢谢推荐", 4, 0))
    await record(connection, chatter("hearth 的快递太慢，失望", 3, 1))
    await read_new(connection, "tea", ["Hearth"])
    content = await read_content(connection, "tea", MARCH, FEBRUARY)
    assert [(row.word, row.messages) for row in content.mentions] == [("Hearth", 7)]
    assert (content.friendly, content.unfriendly) == (4, 3)


def test_words_are_segmented_in_chinese_and_kept_whole_in_english() -> None:
    day = date(2024, 3, 5)
    texts = [(day, "周末一起去西湖喝龙井"), (day, "西湖的龙井开园了"), (day, "Don't forget the teapot"),
             (day, "a teapot, please")]  # fmt: skip
    kept = {word: count for _, word, count in count_words(texts, [])[day].kept()}
    assert kept == {"西湖": 2, "龙井": 2, "teapot": 2}


async def test_texts_that_come_after_a_reading_are_added_by_the_next(connection: Connection) -> None:
    await record(connection, chatter("普洱茶", 3, 0))
    await read_new(connection, "tea", [])
    await read_new(connection, "tea", [])
    await record(connection, chatter("普洱茶，真好", 2, 0.1, "late"))
    await read_new(connection, "tea", [])
    content = await read_content(connection, "tea", MARCH, FEBRUARY)
    assert {row.word: row.messages for row in content.words}["普洱茶"] == 5


async def test_rising_and_leaving_members_are_told_with_their_reasons(connection: Connection) -> None:
    for month, counts in ((-20, {"ann": 40, "ben": 5, "cat": 12}), (0, {"ann": 10, "ben": 11, "cat": 12})):
        for member, count in counts.items():
            batch = [
                posted("x", at(n, days=month), member=member, message=f"{member}{month}-{n}")
                for n in range(count)
            ]
            await record(connection, batch)
    people = await read_people(connection, "tea", MARCH, FEBRUARY)
    assert [(row.member_id, row.messages, row.before) for row in people.rising] == [("ben", 11, 5)]
    assert [(row.member_id, row.messages, row.before) for row in people.at_risk] == [("ann", 10, 40)]
    assert [row.member_id for row in people.top] == ["cat", "ben", "ann"]


async def test_helpers_are_those_who_answer_many_people(connection: Connection) -> None:
    asked = [posted("怎么泡茶？", at(n), member=f"u{n}", message=f"q{n}") for n in range(6)]
    answers = [posted("这样", at(60 + n), member="ann", message=f"a{n}", reply_to=f"q{n}") for n in range(6)]
    await record(connection, asked + answers)
    people = await read_people(connection, "tea", MARCH, FEBRUARY)
    assert [(row.member_id, row.people_answered) for row in people.helpers] == [("ann", 6)]
    report = await read_report(connection, profile("tea"), *parse_period("2024-03"), LONG_AFTER)
    assert {form: (count, hits) for form, count, hits in report.forms} == {
        "question": (6, 6), "text": (6, 0)
    }  # fmt: skip


async def test_joins_leaves_and_returns_make_the_population_of_each_day(connection: Connection) -> None:
    def joined(day: float, member: str, **more: Any) -> Event[Any]:
        return event(MemberJoined(**TEA, member_id=member, **more), at(days=day))

    await record(connection, [joined(0, "ann"), joined(0, "ben", invited_by="ann"), joined(1, "cat")])
    await record(connection, [event(MemberLeft(**TEA, member_id="ben"), at(days=2)), joined(4, "ben")])
    await record(
        connection, [posted("x", at(days=3), member="dan"), posted("x", at(3600, days=0), member="ann")]
    )
    span = span_of(date(2024, 3, 5), date(2024, 3, 9))
    numbers = await told(connection, span, By.DAY)
    series = {each.metric.name: each.values for each in numbers.series}
    assert series["members"] == (2, 3, 2, 3, 4)
    assert series["referred"] == (1, 0, 0, 0, 0)
    assert series["new_members"] == (2, 1, 0, 1, 0)


async def test_activation_counts_who_wrote_within_a_week_of_ten_or_more(connection: Connection) -> None:
    joins = [event(MemberJoined(**TEA, member_id=f"u{n}"), at(n)) for n in range(12)]
    wrote = [posted("hi", at(60, days=n), member=f"u{n}") for n in range(12)]
    await record(connection, joins + wrote)
    numbers = await told(connection, MARCH, By.MONTH)
    assert numbers.total("activation_rate") == pytest.approx(100 * 7 / 12)
    few = await told(connection, MARCH, By.MONTH, today=date(2024, 3, 10))
    assert few.total("activation_rate") is None


async def test_answers_of_questions_warm_ups_and_conversions_are_told(connection: Connection) -> None:
    def answered(question: str, answer: str, seconds: int) -> Event[Any]:
        data = QuestionAnswered(**TEA, message_id=question, member_id="ann", answer_message_id=answer,
                                answered_by="ben", waited_seconds=seconds)  # fmt: skip
        return event(data, at(seconds))

    def measured(number: int, held_out: bool, messages: int) -> Event[Any]:
        data = WarmupMeasured(**TEA, warmup_id=f"w{number}", channel_id="hall", held_out=held_out,
                              messages=messages, members=1, expected_messages=1.0)  # fmt: skip
        return event(data, at(number))

    await record(connection, [answered("q1", "a1", 60), answered("q1", "a2", 600), answered("q2", "a3", 180)])
    await record(connection, [measured(n, n % 2 == 0, 4 + 6 * (n % 2) + n % 3) for n in range(40)])
    paid = [ConversionRecorded(**TEA, conversion_id="c1", minor_units=9900),
            ConversionRecorded(**TEA, conversion_id="c2", minor_units=500, currency="USD")]  # fmt: skip
    await record(connection, [event(each, at(1)) for each in paid])
    numbers = await told(connection, MARCH, By.MONTH)
    assert numbers.total("first_answer_minutes") == 2.0
    assert (numbers.total("conversions"), numbers.total("revenue")) == (2, 9900)
    assert numbers.total("warmup_uplift") == pytest.approx(6.0, abs=0.5)
    report = await read_report(connection, profile("tea"), *parse_period("2024-03"), LONG_AFTER)
    (effect,) = report.effects
    assert (effect.key, effect.is_experiment, effect.difference.is_clear) == ("warmups", True, True)


async def test_staying_of_those_who_checked_in_is_a_correlation_with_an_interval(
    connection: Connection,
) -> None:
    for n in range(40):
        await record(connection, [posted("x", at(n, days=-20), member=f"u{n}", message=f"f{n}")])
        if n < 20:
            data = CheckinRecorded(**TEA, member_id=f"u{n}", local_date=date(2024, 2, 14), message_id=f"f{n}",
                                   channel_id="hall", streak_days=1)  # fmt: skip
            await record(connection, [event(data, at(n, days=-20))])
        if n < 18 or n >= 35:
            await record(connection, [posted("y", at(n), member=f"u{n}", message=f"m{n}")])
    report = await read_report(connection, profile("tea"), *parse_period("2024-03"), LONG_AFTER)
    (effect,) = report.effects
    assert (effect.key, effect.is_experiment) == ("checkins", False)
    assert (effect.ours, effect.theirs) == ((90.0, 20), (25.0, 20))
    assert effect.difference.low < 65.0 < effect.difference.high


async def test_cohorts_tell_who_wrote_again_in_each_week(connection: Connection) -> None:
    await record(connection, [posted("x", at(n), member=f"u{n}", message=f"a{n}") for n in range(12)])
    await record(connection, [posted("x", at(n, days=7), member=f"u{n}", message=f"b{n}") for n in range(5)])
    span = span_of(date(2024, 3, 4), date(2024, 3, 24))
    (cohort,) = await read_cohorts(connection, "tea", span, By.WEEK, date(2024, 3, 25))
    assert (cohort.name, cohort.members, cohort.later) == ("2024-W10", 12, (12, 5, 0))


async def test_outliers_come_first_in_the_portfolio(connection: Connection) -> None:
    for number in range(6):
        for day in (-30, 0):
            count = 20 + number + (60 if number == 4 and day == 0 else 0)
            name = f"c{number}"
            batch = [
                posted("x", at(n, days=day), community=name, member=f"u{n % 12}", message=f"{day}-{n}")
                for n in range(count)
            ]
            await record(connection, batch)
    rows, left_out = await read_portfolio(connection, *parse_period("2024-03"))
    assert left_out == 0
    assert [row.community_id for row in rows] == ["c4", "c0", "c1", "c2", "c3", "c5"]
    assert rows[0].unusual == ["messages"]
    assert [row.unusual for row in rows[1:]] == [[]] * 5


async def test_advice_has_its_numbers_and_where_to_see_them(connection: Connection) -> None:
    threads = [posted("怎么泡？", at(n), member=f"u{n}", message=f"q{n}", thread=f"t{n}") for n in range(12)]
    await record(connection, threads)
    report = await read_report(connection, profile("tea"), *parse_period("2024-03-05"), LONG_AFTER)
    first = advise(report)[0]
    assert (first.key, first.values) == ("unanswered", {"threads": 12, "opened": 12})
    assert first.link == "/v1/communities/tea/metrics?from=2024-03-05&to=2024-03-05"


async def test_a_message_is_of_one_form(connection: Connection) -> None:
    texts = ("这个怎么泡", "see https://a.example/?x=1", "好茶", "really?", "https://a.example why?")
    await record(connection, [posted(text, at(n), message=f"m{n}") for n, text in enumerate(texts)])
    found = await metrics_of(connection, "2024-03-05", names=("messages", "questions", "links"))
    assert found == {"messages": 5, "questions": 3, "links": 1}
