"""What people may ask of check-ins over HTTP, on a real database."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from services.engagement import api
from services.engagement.consumers import routes
from services.engagement.handlers.keep_checkins import KeepCheckins
from shared.engine import Event, UnitOfWork
from shared.http.application import guarded_application, include_guarded
from shared.postgres.connection import Pool
from shared.postgres.pool import open_pool
from tests.builders import NOON, at, posted
from tests.servers import ServiceDatabase

TOKEN = "a-token-for-these-tests"
HANDLER = next(each.handler for each in routes().routes if isinstance(each.handler, KeepCheckins))
MakeDatabase = Callable[[str], Awaitable[ServiceDatabase]]


@pytest.fixture
async def pool(service_database: MakeDatabase) -> AsyncIterator[Pool]:
    """The service's own pool on a fresh database."""
    opened = await open_pool((await service_database("engagement")).app_url, "test", size_min=1, size_max=2)
    yield opened
    await opened.close()


@pytest.fixture
async def client(pool: Pool) -> AsyncIterator[httpx.AsyncClient]:
    """Asks the routes with the token."""
    app = guarded_application("engagement", SecretStr(TOKEN))
    include_guarded(app, api.router(pool))
    headers = {"authorization": f"Bearer {TOKEN}"}
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://test/v1/communities", headers=headers
    ) as asking:
        yield asking


async def keep(pool: Pool, *batch: Event[Any]) -> None:
    async with pool.acquire() as connection, connection.transaction():
        await HANDLER(batch, UnitOfWork(connection, now=NOON, source="/hearth/engagement"))


async def live_at(pool: Pool, moment: datetime) -> None:
    """The community is in a replay that has come to this moment."""
    await pool.execute(
        "INSERT INTO community (community_id, partition, mode, event_clock) VALUES ('tea', 0, 'event', $1)",
        moment,
    )


async def test_without_the_token_nothing_is_told(client: httpx.AsyncClient) -> None:
    for path in ("/tea/checkins", "/tea/checkins/board", "/tea/members/ann/checkins"):
        assert (await client.get(path, headers={"authorization": ""})).status_code == 401


async def test_a_date_s_check_ins_come_in_pages_by_time(client: httpx.AsyncClient, pool: Pool) -> None:
    names = ["dan", "ann", "cid", "bob", "eve"]
    await keep(pool, *(posted("打卡", at(number // 2), member=name) for number, name in enumerate(names)))
    await keep(pool, posted("打卡", at(days=1)), posted("打卡", community="club"))
    shown: list[str] = []
    query: dict[str, Any] = {"date": "2024-03-05", "limit": 2}
    for size in (2, 2, 1):
        page = (await client.get("/tea/checkins", params=query)).json()
        assert len(page["items"]) == size
        shown += [item["member_id"] for item in page["items"]]
        query["cursor"] = page["next_cursor"]
    assert shown == ["ann", "dan", "bob", "cid", "eve"]
    assert query["cursor"] is None


async def test_a_check_in_is_shown_with_its_message(client: httpx.AsyncClient, pool: Pool) -> None:
    await keep(pool, posted("打卡", message="m1", channel="reading"))
    (item,) = (await client.get("/tea/checkins", params={"date": "2024-03-05"})).json()["items"]
    assert item == {
        "member_id": "ann",
        "local_date": "2024-03-05",
        "message_id": "m1",
        "channel_id": "reading",
        "occurred_at": "2024-03-05T04:00:00Z",
        "revision": 1,
    }


async def test_today_is_the_date_of_the_community_s_clock(client: httpx.AsyncClient, pool: Pool) -> None:
    await live_at(pool, at(hours=12))
    await keep(pool, posted("打卡"), posted("打卡", at(hours=12), member="bob"))
    page = (await client.get("/tea/checkins")).json()
    assert [item["member_id"] for item in page["items"]] == ["bob"]


async def test_a_member_sees_dates_and_streaks(client: httpx.AsyncClient, pool: Pool) -> None:
    await live_at(pool, at(days=9))
    await keep(pool, *(posted("打卡", at(days=day)) for day in (0, 1, 2, 3, 7, 8)))
    first = (await client.get("/tea/members/ann/checkins", params={"limit": 4})).json()
    assert first["items"] == ["2024-03-13", "2024-03-12", "2024-03-08", "2024-03-07"]
    assert (first["days"], first["current_streak_days"], first["longest_streak_days"]) == (6, 2, 4)
    query = {"limit": 4, "cursor": first["next_cursor"]}
    second = (await client.get("/tea/members/ann/checkins", params=query)).json()
    assert second["items"] == ["2024-03-06", "2024-03-05"]
    assert second["next_cursor"] is None


@pytest.mark.parametrize(("days_later", "current"), [(0, 3), (1, 3), (2, 0)])
async def test_a_streak_is_current_until_a_whole_date_is_missed(
    client: httpx.AsyncClient, pool: Pool, days_later: int, current: int
) -> None:
    await live_at(pool, at(days=2 + days_later))
    await keep(pool, *(posted("打卡", at(days=day)) for day in range(3)))
    assert (await client.get("/tea/members/ann/checkins")).json()["current_streak_days"] == current


async def test_a_member_who_never_checked_in_has_nothing(client: httpx.AsyncClient) -> None:
    assert (await client.get("/tea/members/zoe/checkins")).json() == {
        "member_id": "zoe",
        "days": 0,
        "current_streak_days": 0,
        "longest_streak_days": 0,
        "items": [],
        "next_cursor": None,
    }


async def test_the_board_ranks_by_days_then_by_who_had_them_earlier(
    client: httpx.AsyncClient, pool: Pool
) -> None:
    await keep(pool, *(posted("打卡", at(5, days=day), member="ann") for day in range(3)))
    await keep(pool, *(posted("打卡", at(days=day), member="bob") for day in (0, 2)))
    await keep(pool, *(posted("打卡", at(days=day), member="cid") for day in (0, 1)))
    await keep(pool, *(posted("打卡", at(days=day), member="dan") for day in (-5, 26, 27)))
    board = (await client.get("/tea/checkins/board", params={"month": "2024-03", "limit": 3})).json()
    assert board["month"] == "2024-03"
    assert [(item["rank"], item["member_id"], item["days"]) for item in board["items"]] == [
        (1, "ann", 3),
        (2, "cid", 2),
        (3, "bob", 2),
    ]


async def test_a_month_holds_its_first_and_last_date_and_no_other(
    client: httpx.AsyncClient, pool: Pool
) -> None:
    edges = ("2024-01-31T23:59", "2024-02-01T00:00", "2024-02-29T23:59", "2024-03-01T00:00")
    await keep(pool, *(posted("打卡", datetime.fromisoformat(f"{edge}+08:00")) for edge in edges))
    months = [
        (await client.get("/tea/checkins/board", params={"month": f"2024-0{n}"})).json() for n in (1, 2, 3)
    ]
    assert [month["items"][0]["days"] for month in months] == [1, 2, 1]


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/tea/checkins", {"date": "yesterday"}),
        ("/tea/checkins", {"limit": "0"}),
        ("/tea/checkins", {"limit": "201"}),
        ("/tea/checkins/board", {"month": "2024-13"}),
        ("/tea/checkins/board", {"month": "0000-01"}),
        ("/tea/checkins/board", {"month": "2024-3"}),
        ("/tea/checkins/board", {"limit": "1000"}),
        (f"/{'x' * 256}/checkins", {}),
    ],
)
async def test_a_wrong_question_is_refused_as_a_problem(
    client: httpx.AsyncClient, path: str, query: dict[str, str]
) -> None:
    answer = await client.get(path, params=query)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("path", ["/tea/checkins", "/tea/members/ann/checkins"])
async def test_a_cursor_of_another_list_is_refused(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(path, params={"cursor": "WyJub25zZW5zZSJd"})).status_code == 400


async def test_the_last_month_of_the_calendar_can_be_asked_for(client: httpx.AsyncClient) -> None:
    assert (await client.get("/tea/checkins/board", params={"month": "9999-12"})).json()["items"] == []
