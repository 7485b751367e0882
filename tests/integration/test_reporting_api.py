"""The API over HTTP on a real database: metrics, days, reports, reconciliation, and who may ask."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from services.reporting import api
from services.reporting.domain.metric_registry import METRICS
from services.reporting.domain.report_html import CONTENT_SECURITY_POLICY
from shared.contracts.chat import MemberJoined
from shared.contracts.commands import SendMessage
from shared.contracts.moderation import MessageRemoved
from shared.contracts.profiles import Channel, CommunityProfile
from shared.engine import Event
from shared.engine.partitions import Partitions
from shared.http.application import guarded_application, include_guarded
from shared.postgres.connection import Connection
from shared.postgres.pool import open_pool
from tests.builders import NOON, at, event, posted, profile
from tests.reporting_world import record
from tests.servers import ServiceDatabase

TOKEN = "a-token-for-tests-only"
SCRIPT = "<script>alert('x')</script>"
KEEP_PROFILE = """
    INSERT INTO community (community_id, partition, profile, revision) VALUES ($1, 0, $2, 1)
    ON CONFLICT (community_id) DO UPDATE SET profile = excluded.profile
"""
KEEP_OFFSET = """
    INSERT INTO lane_offset (consumer_group, topic, partition,
                             first_offset, next_offset, applied, duplicates, dead_lettered, skipped)
    VALUES ($1, $2, 3, 10, 60, 40, 5, 2, 3)
"""


@dataclass(frozen=True, slots=True)
class World:
    """The API and the database behind it."""

    client: httpx.AsyncClient
    connection: Connection

    async def get(self, path: str, **parameters: Any) -> httpx.Response:
        """A request with the token."""
        return await self.client.get(path, params=parameters or None)

    async def json(self, path: str, **parameters: Any) -> Any:
        """The answer of a request that succeeds."""
        response = await self.get(path, **parameters)
        assert response.status_code == 200, response.text
        return response.json()

    async def know(self, told: CommunityProfile) -> None:
        """The engine's copy of a profile."""
        await self.connection.execute(KEEP_PROFILE, told.community_id, told.model_dump_json())


@pytest.fixture
async def world(
    service_database: Callable[[str], Awaitable[ServiceDatabase]],
) -> AsyncIterator[World]:
    database = await service_database("reporting")
    pool = await open_pool(database.app_url, "test", size_min=1, size_max=2)
    await Partitions(pool).ensure([], datetime.now(UTC).date())
    app = guarded_application("reporting", SecretStr(TOKEN))
    include_guarded(app, api.router(pool))
    client = httpx.AsyncClient(
        transport=httpx.ASGITransport(app),
        base_url="http://test",
        headers={"authorization": f"Bearer {TOKEN}"},
    )
    async with client, pool.acquire() as connection:
        yield World(client, connection)
    await pool.close()


def two_weeks() -> list[Event[Any]]:
    """From Monday 4 to Sunday 17 March at noon: ann every day, ben on the last day of each week."""
    ann = [posted("x", at(days=day - 1)) for day in range(14)]
    return ann + [posted("y", at(60, days=day - 1), member="ben", channel="garden") for day in (6, 13)]


async def test_metrics_by_day_fill_the_days_without_anything(world: World) -> None:
    await record(world.connection, [posted("x", NOON), posted("y", at(days=2), is_bot=True)])
    answer = await world.json(
        "/v1/communities/tea/metrics",
        **{"from": "2024-03-04", "to": "2024-03-07", "metric": ["messages", "bot_messages"], "locale": "en"},
    )
    assert [period["name"] for period in answer["periods"]] == [f"2024-03-0{day}" for day in (4, 5, 6, 7)]
    assert [each["values"] for each in answer["series"]] == [[0, 1, 0, 0], [0, 0, 0, 1]]
    assert answer["series"][0]["metric"]["title"] == "Messages"
    assert answer["time_zone"] == "Asia/Shanghai"


async def test_active_members_of_a_week_are_distinct_over_the_week(world: World) -> None:
    await record(world.connection, two_weeks())
    asked = {"from": "2024-03-04", "to": "2024-03-17", "metric": "active_members"}
    by_week = await world.json("/v1/communities/tea/metrics", by="week", **asked)
    by_day = await world.json("/v1/communities/tea/metrics", **asked)
    assert [period["name"] for period in by_week["periods"]] == ["2024-W10", "2024-W11"]
    assert by_week["series"][0]["values"] == [2, 2]
    assert by_day["series"][0]["values"] == [1, 1, 1, 1, 1, 1, 2] * 2
    assert by_week["series"][0]["total"] == by_day["series"][0]["total"] == 2


async def test_days_active_members_are_those_of_the_day_itself(world: World) -> None:
    await record(world.connection, two_weeks())
    by_day = await world.json("/v1/communities/tea/metrics", **{"from": "2024-03-01", "to": "2024-03-31"})
    stored = await world.connection.fetch("SELECT local_date, active_members FROM day ORDER BY 1")
    (active,) = [each["values"] for each in by_day["series"] if each["metric"]["name"] == "active_members"]
    assert {row[0].day: row[1] for row in stored} == {
        number: value for number, value in enumerate(active, start=1) if value
    }


async def test_without_dates_the_last_thirty_days_on_record_are_shown(world: World) -> None:
    await record(world.connection, two_weeks())
    answer = await world.json("/v1/communities/tea/metrics")
    assert (answer["periods"][0]["name"], answer["periods"][-1]["name"]) == ("2024-02-17", "2024-03-17")
    assert len(answer["series"]) == len(METRICS)


async def test_a_day_shows_its_revision_and_what_was_received(world: World) -> None:
    command = SendMessage(
        community_id="tea", purpose="flood", cause_id="c", expires_at=at(60), member_id="ann", text="慢一点"
    )
    await record(world.connection, [posted("x", NOON), event(command, at(1))])
    await record(world.connection, [posted("beep", at(2), is_bot=True, now=at(days=3))])
    day = await world.json("/v1/communities/tea/days/2024-03-05")
    assert day["revision"] == 1
    assert day["received"] == {"message.posted": 2, "send_message": 1}
    assert day["commands"] == {"send_message": 1}
    assert (day["events"], day["metrics"]["messages"], day["metrics"]["bot_messages"]) == (3, 1, 1)
    assert day["first_event_at"] == "2024-03-05T04:00:00Z"


async def test_a_day_on_which_nothing_happened_is_all_zeros(world: World) -> None:
    await record(world.connection, [posted("x", NOON)])
    day = await world.json("/v1/communities/tea/days/2024-03-09")
    assert (day["events"], day["revision"], day["metrics"]["messages"]) == (0, 0, 0)
    told = {name: value for name, value in day["metrics"].items() if value}
    assert told == {"members": 1}


async def test_communities_come_by_id_in_pages(world: World) -> None:
    for number in range(5):
        name = f"c{number}"
        await record(
            world.connection,
            [posted("x", at(days=number), community=name), posted("y", at(hours=-1), community=name)],
        )
    await world.know(profile("c1", name="茶馆", time_zone="Europe/London"))
    first = await world.json("/v1/communities", limit=2)
    second = await world.json("/v1/communities", limit=2, cursor=first["next_cursor"])
    third = await world.json("/v1/communities", limit=2, cursor=second["next_cursor"])
    pages = [first, second, third]
    assert [[each["community_id"] for each in page["items"]] for page in pages] == [
        ["c0", "c1"],
        ["c2", "c3"],
        ["c4"],
    ]
    assert third["next_cursor"] is None
    c1 = first["items"][1]
    assert (c1["name"], c1["time_zone"], c1["events"]) == ("茶馆", "Europe/London", 2)
    assert (c1["first_event_at"], c1["last_event_at"]) == ("2024-03-05T03:00:00Z", "2024-03-06T04:00:00Z")


async def test_no_communities_are_an_empty_page(world: World) -> None:
    assert await world.json("/v1/communities") == {"items": [], "next_cursor": None}


async def test_reconciliation_shows_each_partition_of_this_service(world: World) -> None:
    await record(world.connection, two_weeks())
    for group in ("hearth.reporting", "someone_else"):
        await world.connection.execute(KEEP_OFFSET, group, "chat.events")
    answer = await world.json("/v1/reconciliation")
    assert answer["partitions"] == [
        {
            "topic": "chat.events", "partition": 3, "first_offset": 10, "next_offset": 60, "applied": 40,
            "duplicates": 5, "dead_lettered": 2, "skipped": 3, "fits": True,
        }
    ]  # fmt: skip
    assert (answer["fits"], answer["applied"], answer["facts"]) == (True, 40, 16)


async def test_what_was_received_is_told_by_day_and_type(world: World) -> None:
    joined = event(MemberJoined(community_id="tea", member_id="ann"), at(days=1))
    await record(world.connection, [posted("x", NOON), posted("y", at(1), is_bot=True), joined])
    answer = await world.json("/v1/communities/tea/received")
    assert answer["days"] == {"2024-03-05": {"message.posted": 2}, "2024-03-06": {"member.joined": 1}}
    assert answer["events"] == 3


async def test_metrics_are_defined_in_the_callers_language(world: World) -> None:
    response = await world.client.get("/v1/metrics", headers={"accept-language": "en"})
    assert [each["name"] for each in response.json()] == [metric.name for metric in METRICS]
    assert "bots left out" in response.json()[0]["definition"]
    assert "不含机器人" in (await world.json("/v1/metrics"))[0]["definition"]


async def test_the_report_shows_names_as_text_whatever_they_are(world: World) -> None:
    hostile = posted("x", NOON, member=SCRIPT, channel=SCRIPT)
    await record(world.connection, [hostile, posted("y", at(1), channel="c2")])
    await world.know(profile("tea", name=SCRIPT, channels=(Channel(channel_id="c2", name=SCRIPT),)))
    for form in ("html", "md"):
        response = await world.get("/v1/communities/tea/report", period="2024-03", format=form)
        assert response.status_code == 200
        assert "<script" not in response.text
        assert response.text.count("&lt;script&gt;") >= 2


async def test_the_html_report_forbids_everything_but_its_style(world: World) -> None:
    await record(world.connection, two_weeks())
    response = await world.get("/v1/communities/tea/report", period="2024-03", format="html")
    assert response.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert response.text.count("<rect") == 2 * 31 + 7 * 24


async def test_the_report_compares_with_the_month_before(world: World) -> None:
    february = [
        posted("x", datetime(2024, 2, 3, tzinfo=UTC), member=f"m{n}", message=f"f{n}") for n in range(10)
    ]
    await record(world.connection, two_weeks() + february)
    text = (await world.get("/v1/communities/tea/report", period="2024-03", locale="en")).text
    assert "| Messages | 16 messages | 10 messages | +60.0% |" in text
    assert "| Active members | 2 members | 10 members | -80.0% |" in text
    assert "- hall: 14\n- garden: 2" in text


async def test_the_report_speaks_the_communitys_language_unless_asked_for_another(world: World) -> None:
    await record(world.connection, [posted("x", NOON)])
    chinese = await world.get("/v1/communities/tea/report", period="2024-03")
    assert "消息数" in chinese.text
    await world.know(profile("tea", locale="en-GB"))
    english = await world.get("/v1/communities/tea/report", period="2024-03")
    assert "Messages" in english.text
    assert english.headers["content-language"] == "en"
    assert "消息数" in (await world.get("/v1/communities/tea/report", period="2024-03", locale="zh")).text


async def test_a_removed_message_of_an_earlier_month_is_in_that_months_report(world: World) -> None:
    removed = MessageRemoved(
        community_id="tea", message_id="m", member_id="ann", channel_id="hall", rule="ad", posted_at=NOON
    )
    await record(world.connection, [posted("x", NOON), event(removed, at(days=40))])
    text = (await world.get("/v1/communities/tea/report", period="2024-03", locale="en")).text
    assert "| Removals | 1 messages |" in text


async def test_an_id_may_hold_a_slash(world: World) -> None:
    await record(world.connection, [posted("x", NOON, community="qq/123")])
    assert (await world.json("/v1/communities/qq%2F123/days/2024-03-05"))["community_id"] == "qq/123"


@pytest.mark.parametrize(
    ("path", "status", "slug"),
    [
        ("/v1/communities/nobody/metrics", 404, "community-not-found"),
        ("/v1/communities/nobody/days/2024-03-05", 404, "community-not-found"),
        ("/v1/communities/nobody/report?period=2024-03", 404, "community-not-found"),
        ("/v1/communities/tea/metrics?from=2024-03-05&to=2024-03-04", 422, "span-invalid"),
        ("/v1/communities/tea/metrics?from=1990-01-01&to=2024-03-04", 422, "span-invalid"),
        ("/v1/communities/tea/metrics?to=0001-01-02", 422, "span-invalid"),
        ("/v1/communities/tea/metrics?metric=mood", 422, "metric-unknown"),
        ("/v1/communities/tea/metrics?by=year", 422, "fields-invalid"),
        ("/v1/communities/tea/metrics?by=hour&metric=gini", 422, "metric-indivisible"),
        ("/v1/communities/tea/metrics?from=soon", 422, "fields-invalid"),
        ("/v1/communities/tea/days/2024-02-30", 422, "fields-invalid"),
        ("/v1/communities/tea/report", 422, "fields-invalid"),
        ("/v1/communities/tea/report?period=2024-3", 422, "period-invalid"),
        ("/v1/communities/tea/report?period=2024-W54", 422, "period-invalid"),
        ("/v1/communities/tea/report?period=2024-03&format=pdf", 422, "fields-invalid"),
        ("/v1/communities/%00/metrics", 422, "fields-invalid"),
        ("/v1/communities?cursor=x", 400, "cursor-invalid"),
    ],
)
async def test_what_cannot_be_answered_is_refused_with_a_reason(
    world: World, path: str, status: int, slug: str
) -> None:
    await record(world.connection, [posted("x", NOON)])
    response = await world.get(path)
    assert (response.status_code, response.json()["type"]) == (status, f"urn:hearth:problem:{slug}")


@pytest.mark.parametrize("month", ["2024-12", "9999-12", "0001-02"])
async def test_a_month_without_anything_has_a_report_of_zeros(world: World, month: str) -> None:
    await record(world.connection, [posted("x", NOON)])
    response = await world.get("/v1/communities/tea/report", period=month, format="html")
    assert response.status_code == 200


async def test_every_route_asks_for_the_token(world: World) -> None:
    await record(world.connection, [posted("x", NOON)])
    paths = [
        "/v1/metrics", "/v1/communities", "/v1/reconciliation", "/v1/communities/tea/metrics",
        "/v1/communities/tea/received", f"/v1/communities/tea/days/{date(2024, 3, 5)}",
        "/v1/communities/tea/report?period=2024-03",
    ]  # fmt: skip
    for path in paths:
        assert (await world.get(path)).status_code == 200
        refused = await world.client.get(path, headers={"authorization": "Bearer wrong"})
        assert refused.status_code == 401
