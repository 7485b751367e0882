"""Rules and alerts by promtool: they parse, an alert fires when it must and only then, and has a runbook."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.local.home import REPOSITORY
from deploy.local.roles import SERVICES
from deploy.monitoring.alerts import ALERTS
from deploy.monitoring.boards import boards
from deploy.monitoring.local import PACKAGE
from deploy.monitoring.rules import RECORDED, RUNBOOK, groups
from shared.observability.document import collect
from tests.deploy.alert_cases import CASES, Case, Series

RUNBOOK_IN_CHINESE = RUNBOOK.replace(".md", ".zh-CN.md")
NAME = re.compile(r"\bhearth_[a-z0-9_]+\b")
LIBRARY = {"process_start_time_seconds", "process_cpu_seconds_total", "process_resident_memory_bytes", "up"}


@pytest.fixture(scope="session")
def promtool() -> str:
    found = shutil.which("promtool")
    if found is None:
        pytest.skip(f"TOOL MISSING, no alert was tried: install the package {PACKAGE}")
    return found


def test_every_rule_parses(promtool: str, tmp_path: Path) -> None:
    told = _promtool(promtool, "check", "rules", str(_rules(tmp_path)))
    assert f"{len(RECORDED) + len(ALERTS)} rules found" in told


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.alert)
def test_an_alert_fires_when_it_must_and_only_then(promtool: str, case: Case, tmp_path: Path) -> None:
    severity = next(alert.severity for alert in ALERTS if alert.name == case.alert)
    fires = {"exp_labels": {**case.labels, "severity": severity}}
    tests = [_test(case, case.bad, [fires]), _test(case, case.good, [])]
    # What people read has values in it; here it is whether an alert is there that counts.
    bare = groups()
    for rule in bare[1]["rules"]:
        del rule["annotations"]
    (tmp_path / "rules.yml").write_text(yaml.safe_dump({"groups": bare}))
    suite = {"rule_files": ["rules.yml"], "evaluation_interval": "1m", "tests": tests}
    (tmp_path / "tests.yml").write_text(yaml.safe_dump(suite))
    _promtool(promtool, "test", "rules", str(tmp_path / "tests.yml"))


def test_every_alert_has_its_case() -> None:
    assert list(dict.fromkeys(case.alert for case in CASES)) == [alert.name for alert in ALERTS]


def test_every_alert_names_a_section_of_the_runbook_that_is_there() -> None:
    anchors = _anchors((REPOSITORY / RUNBOOK).read_text(encoding="utf-8"))
    assert {alert.anchor for alert in ALERTS} - set(anchors) == set()


def test_the_runbook_names_every_alert_and_leads_to_its_section_in_both_languages() -> None:
    english = (REPOSITORY / RUNBOOK).read_text(encoding="utf-8")
    chinese = (REPOSITORY / RUNBOOK_IN_CHINESE).read_text(encoding="utf-8")
    places = dict(zip(_anchors(english), _anchors(chinese), strict=True))  # the sections have one order
    for alert in ALERTS:
        for page, anchor in ((english, alert.anchor), (chinese, places[alert.anchor])):
            (row,) = [line for line in page.splitlines() if line.startswith(f"| `{alert.name}` |")]
            assert f"| {alert.severity} |" in row
            assert row.endswith(f"](#{anchor}) |"), row


def test_rules_and_boards_ask_only_for_metrics_that_the_code_declares() -> None:
    known = {metric.name for metric in collect()} | {f"{name}" for name in LIBRARY}
    known |= {f"{metric.name}_bucket" for metric in collect() if metric.kind == "histogram"}
    asked = [*RECORDED.values(), *(alert.expression for alert in ALERTS)]
    asked += [query.expression for board in boards() for panel in board.panels for query in panel.queries]
    recorded = {part for name in RECORDED for part in NAME.findall(name)}
    unknown = {name for expression in asked for name in NAME.findall(expression)} - known - recorded
    assert unknown == set()


def test_every_panel_says_what_it_shows_in_which_unit() -> None:
    for board in boards():
        assert len({panel.title for panel in board.panels}) == len(board.panels), board.name
        for panel in board.panels:
            assert panel.description.endswith((".", "now"))
            assert panel.unit
            assert panel.queries


def test_boards_that_operators_look_at_are_titled_in_chinese_too() -> None:
    for board in boards()[:3]:
        assert all(panel.chinese for panel in board.panels)
        assert all(row.chinese for row in board.rows)


def test_every_metric_of_a_service_or_connector_has_a_panel_with_a_chinese_title() -> None:
    shown = {panel.title: panel.chinese for board in boards()[2:] for panel in board.panels}
    assert [title for title, chinese in shown.items() if not chinese] == []
    asked = " ".join(
        query.expression for board in boards()[2:] for panel in board.panels for query in panel.queries
    )
    own = [metric.name for metric in collect() if metric.name.split("_")[1] in (*SERVICES, "connectors")]
    assert [name for name in own if name not in asked] == []


def test_alerts_are_told_in_both_languages_with_the_same_values() -> None:
    for alert in ALERTS:
        fields = [sorted(re.findall(r"{{.*?}}", text)) for text in (alert.english, alert.chinese)]
        assert fields[0] == fields[1], alert.name
        assert re.search(r"[一-鿿]", alert.chinese)


def _test(case: Case, series: Series, expected: list[dict[str, Any]]) -> dict[str, Any]:
    look = {"eval_time": f"{case.minute}m", "alertname": case.alert, "exp_alerts": expected}
    return {
        "interval": "1m",
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "alert_rule_test": [look],
    }


def _anchors(page: str) -> list[str]:
    headings = re.findall(r"^#+ (.+)$", re.sub(r"```.*?```", "", page, flags=re.DOTALL), re.MULTILINE)
    return [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings]


def _rules(folder: Path) -> Path:
    path = folder / "rules.yml"
    path.write_text(yaml.safe_dump({"groups": groups()}, allow_unicode=True))
    return path


def _promtool(promtool: str, *arguments: str) -> str:
    done = subprocess.run([promtool, *arguments], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr
