"""The API of reports, people, settings and privacy on a real database."""

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.contracts.chat import MemberForgotten
from shared.contracts.commands import SendMessage
from tests.builders import NOON, at, posted, profile
from tests.integration.test_reporting_api import World, two_weeks, world
from tests.reporting_world import record

__all__ = ["world"]
OPERATOR = {"x-operator": "olive"}
SETTINGS = "/v1/communities/tea/report-settings"


async def outbox(world: World) -> list[Any]:
    rows = await world.connection.fetch("SELECT topic, payload FROM outbox ORDER BY seq")
    return [(row["topic"], bytes(row["payload"])) for row in rows]


async def test_a_report_for_programs_and_one_for_spreadsheets(world: World) -> None:
    await record(world.connection, two_weeks())
    told = await world.json("/v1/communities/tea/report", period="2024-W10", format="json")
    assert (told["by"], told["first"], told["last"]) == ("week", "2024-03-04", "2024-03-10")
    assert told["metrics"]["messages"] == {"unit": "messages", "value": 8, "before": 0}
    assert told["partial"] is False
    response = await world.get("/v1/communities/tea/report", period="2024-03", format="csv")
    rows = list(csv.DictReader(io.StringIO(response.text)))
    assert {row["metric"]: row["value"] for row in rows}["messages"] == "16"
    assert response.headers["content-type"].startswith("text/csv")


async def test_a_period_that_is_not_over_is_marked_partial(world: World) -> None:
    now = datetime.now(UTC)
    await record(world.connection, [posted("x", now - timedelta(minutes=5), now=now)])
    today = now.astimezone(profile().zone).date()
    told = await world.json("/v1/communities/tea/report", period=f"{today:%Y-%m}", format="json")
    assert told["partial"] is True
    numbers = await world.json("/v1/communities/tea/metrics", by="month", **{"from": f"{today:%Y-%m}-01"})
    assert numbers["periods"][0]["partial"] is True
    text = (await world.get("/v1/communities/tea/report", period=f"{today}", locale="en")).text
    assert "The period is not over yet" in text


async def test_metrics_by_channel_and_by_hour(world: World) -> None:
    await record(world.connection, two_weeks())
    asked = {"from": "2024-03-04", "to": "2024-03-17", "metric": "messages"}
    channels = await world.json("/v1/communities/tea/metrics", by="channel", **asked)
    assert [period["name"] for period in channels["periods"]] == ["garden", "hall"]
    assert channels["series"][0]["values"] == [2, 14]
    hours = await world.json("/v1/communities/tea/metrics", by="hour", **asked)
    assert (len(hours["periods"]), hours["series"][0]["values"][12]) == (24, 16)
    cells = (await world.json("/v1/communities/tea/heatmap", **{"from": "2024-03-04", "to": "2024-03-10"}))[
        "cells"
    ]
    assert {(cell["weekday"], cell["hour"]): cell["messages"] for cell in cells}[7, 12] == 2


async def test_people_cohorts_content_and_the_portfolio_answer(world: World) -> None:
    await record(world.connection, two_weeks())
    span = {"from": "2024-03-04", "to": "2024-03-17"}
    people = await world.json("/v1/communities/tea/people", **span)
    assert [row["member_id"] for row in people["top"]] == ["ann"]
    cohorts = await world.json("/v1/communities/tea/cohorts", by="week", **span)
    assert (cohorts[0]["members"], cohorts[0]["later"][:2], cohorts[0]["rates"]) == (2, [2, 2], None)
    content = await world.json("/v1/communities/tea/content", **span)
    assert content["words"] == []
    portfolio = await world.json("/v1/portfolio", period="2024-03")
    assert [row["community_id"] for row in portfolio["communities"]] == ["tea"]


async def test_settings_are_kept_by_version_and_never_tell_the_secret(world: World) -> None:
    shipped = await world.json(SETTINGS)
    assert (shipped["version"], shipped["text_days"], shipped["send_at"]) == (0, 30, "09:00:00")
    wish = {"version": 0, "brands": ["Hearth"], "webhook_url": "https://hooks.example/x", "send_at": "08:30",
            "webhook_secret": "s" * 20, "text_days": 3}  # fmt: skip
    answer = await world.client.put(SETTINGS, json=wish, headers=OPERATOR)
    assert (answer.status_code, answer.json()["version"]) == (200, 1)
    assert (answer.json()["text_days"], answer.json()["has_webhook_secret"]) == (8, True)
    assert "s" * 20 not in answer.text
    stale = await world.client.put(SETTINGS, json=wish, headers=OPERATOR)
    assert (stale.status_code, stale.json()["type"]) == (409, "urn:hearth:problem:settings-changed")
    timers = await world.connection.fetch("SELECT key FROM timers WHERE kind = 'send_report' ORDER BY key")
    assert [row["key"] for row in timers] == ["day", "month", "week"]


@pytest.mark.parametrize(
    "wish",
    [{}, {"version": 0, "webhook_url": "ftp://x"}, {"version": 0, "text_days": -1},
     {"version": 0, "brands": ["\x00"]}, {"version": 0, "webhook_secret": "short"}],
)  # fmt: skip
async def test_settings_that_cannot_be_are_refused(world: World, wish: dict[str, Any]) -> None:
    assert (await world.client.put(SETTINGS, json=wish, headers=OPERATOR)).status_code == 422


async def test_a_report_is_sent_again_only_by_hand_and_as_another_attempt(world: World) -> None:
    await record(world.connection, two_weeks())
    path = "/v1/communities/tea/reports/2024-W10/send"
    nowhere = await world.client.post(path, headers=OPERATOR)
    assert nowhere.json()["type"] == "urn:hearth:problem:nowhere-to-send"
    await world.know(profile("tea", operators_channel_id="office"))
    for _ in range(2):
        answer = await world.client.post(path, headers=OPERATOR)
        assert answer.json() == {"period": "2024-W10", "state": "sent"}
    sent = (await world.json("/v1/communities/tea/reports"))["items"]
    assert [(row["attempt"], row["requested_by"], row["sent_to"]) for row in sent] == [
        (3, "olive", ["channel"]), (2, "olive", ["channel"])
    ]  # fmt: skip
    told = [SendMessage.model_validate_json(payload) for _, payload in await outbox(world)]
    assert [each.channel_id for each in told] == ["office", "office"]
    assert len({each.cause_id for each in told}) == 2
    first = await world.json("/v1/communities/tea/reports", limit=1)
    second = await world.json("/v1/communities/tea/reports", limit=1, cursor=first["next_cursor"])
    assert second["items"][0]["attempt"] == 2


async def test_forgetting_is_asked_of_every_service_in_the_communitys_time(world: World) -> None:
    await record(world.connection, [posted("x", NOON)])
    path = "/v1/communities/tea/members/ann/forget"
    answer = await world.client.post(path, json={"reason": "mail"}, headers=OPERATOR)
    assert answer.status_code == 202
    ((topic, payload),) = await outbox(world)
    told = MemberForgotten.model_validate_json(payload)
    assert (topic, told.member_id, told.requested_by) == ("chat.events", "ann", "olive")
    assert (await world.client.post(path, json={})).status_code == 422


async def test_opting_out_and_in_again(world: World) -> None:
    await record(world.connection, [posted("x", at(n), member="ann") for n in range(9)])
    path = "/v1/communities/tea/members/ann/opt-out"
    assert (await world.client.put(path, headers=OPERATOR)).status_code == 204
    span = {"from": "2024-03-01", "to": "2024-03-31"}
    assert (await world.json("/v1/communities/tea/people", **span))["top"] == []
    assert (await world.client.delete(path, headers=OPERATOR)).status_code == 204
    assert len((await world.json("/v1/communities/tea/people", **span))["top"]) == 1
