"""Every query of every panel and rule against a real Prometheus over real services: parses, returns data."""

import re
import shutil
from collections.abc import AsyncIterator
from html import escape
from pathlib import Path
from xml.etree import ElementTree

import httpx
import pytest

from deploy.monitoring.alerts import ALERTS
from deploy.monitoring.boards import boards
from deploy.monitoring.local import PACKAGE
from deploy.monitoring.pictures import draw
from deploy.monitoring.rules import RECORDED
from shared.observability.document import collect
from tests.deploy.watched import Watched, watched

pytestmark = pytest.mark.timeout(1200)
OF_A_STARVED_MACHINE = {"HearthBehind", "HearthBatchesSlow", "HearthEventLoopBlocked"}
"""Two busy cores are no defect."""
SELECTOR = re.compile(r"\b((?:hearth|service:hearth|process)_?[a-z0-9_:]+)(\{[^}]*\})?")


@pytest.fixture(scope="module")
async def live() -> AsyncIterator[Watched]:
    if shutil.which("prometheus") is None:
        pytest.skip(f"TOOL MISSING, no query was asked of a Prometheus: install the package {PACKAGE}")
    async with watched() as running:
        yield running


@pytest.mark.parametrize("board", boards(), ids=lambda board: board.name)
async def test_every_query_of_a_board_returns_data(live: Watched, board: object) -> None:
    empty = [
        f"{panel.title}: {asked.expression}"
        for panel in board.panels  # type: ignore[attr-defined]
        for asked in panel.queries
        if not await live.ask(asked.expression)
    ]
    assert empty == []


async def test_legends_name_labels_that_the_series_have(live: Watched) -> None:
    wrong = []
    for board in boards():
        for panel in board.panels:
            for asked in panel.queries:
                labels = set(re.findall(r"{{(\w+)}}", asked.legend))
                found = await live.ask(asked.expression)
                wrong += [
                    f"{panel.title}: {asked.legend}" for each in found if labels - each["metric"].keys()
                ]
    assert wrong == []


async def test_every_rule_is_evaluated_without_an_error_and_records_series(live: Watched) -> None:
    rules = await live.rules()
    assert {rule["name"] for rule in rules} == {*RECORDED, *(alert.name for alert in ALERTS)}
    assert [rule for rule in rules if rule["health"] != "ok"] == []
    assert [name for name in RECORDED if not await live.ask(name)] == []


async def test_what_alerts_look_at_exists(live: Watched) -> None:
    """An alert on a name that nobody exports would be silent for ever."""
    missing = []
    for alert in ALERTS:
        for name, labels in SELECTOR.findall(alert.expression):
            if not await live.ask(f"{name}{labels}"):
                missing.append(f"{alert.name}: {name}{labels}")
    assert missing == []


async def test_every_declared_metric_is_exported(live: Watched) -> None:
    exported = {each["metric"]["__name__"] for each in await live.ask('{__name__=~"hearth_.+"}')}
    names = {re.sub("_(bucket|sum|count)$", "", name) for name in exported}
    assert {metric.name for metric in collect()} - names - exported == set()


async def test_the_load_is_seen(live: Watched) -> None:
    """Data that is all zero would prove little."""
    for expression in (
        "sum(increase(hearth_moderation_removals_total[5m]))",
        "sum(increase(hearth_engagement_checkins_total[5m]))",
        "sum(increase(hearth_rewards_points_awarded_total[5m]))",
        "sum(increase(hearth_dead_letters_total[5m]))",
        "sum(increase(hearth_http_requests_total[5m]))",
        "sum(increase(hearth_connectors_events_published_total[5m]))",
        'sum(increase(hearth_connectors_events_refused_total{reason="unknown_type"}[5m]))',
        'sum(increase(hearth_connectors_receipts_total{act="delete_message", outcome="executed"}[5m]))',
        "sum(increase(hearth_connectors_command_seconds_count[5m]))",
        "max(hearth_reporting_members_active)",
        "sum(hearth_database_connections)",
        'min(hearth_ready{job="hearth"})',
    ):
        (found,) = await live.ask(expression)
        assert float(found["value"][1]) > 0, expression


async def test_only_the_alert_for_the_spoilt_records_fires(live: Watched) -> None:
    firing = {rule["name"] for rule in await live.rules() if rule.get("state") == "firing"}
    assert firing - OF_A_STARVED_MACHINE == {"HearthDeadLetters"}


def test_every_board_is_drawn_with_the_values_of_now(live: Watched, tmp_path: Path) -> None:
    with httpx.Client(base_url=live.prometheus.url, trust_env=False, timeout=30) as client:
        for board in boards():
            drawn = draw(board, client)
            (tmp_path / f"{board.name}.svg").write_text(drawn, encoding="utf-8")
            assert ElementTree.fromstring(drawn).tag == "{http://www.w3.org/2000/svg}svg"  # noqa: S314 - ours
            assert ">no data<" not in drawn
            assert all(escape(panel.title) in drawn for panel in board.panels)
